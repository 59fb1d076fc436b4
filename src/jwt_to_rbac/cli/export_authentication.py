"""`jwt-to-rbac export authentication-config`: API servers that read ID tokens by themselves, as we do."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jwt_to_rbac.settings.authentication_configuration import authentication_configuration
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.wiring.looking import refused_people
from jwt_to_rbac.yaml_dump import dump


def authentication_config(
    *flags: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
    config: Annotated[Path | None, Parameter(name=["--config"])] = None,
    refuse_suspended: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write an AuthenticationConfiguration by which API servers read our issuers' ID tokens alone.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    refuse_suspended
        Ask the cluster who is suspended or has ended, and let none of them in. API servers take
        up a changed file within a minute.
    """
    loaded = load(config, os.environ, flags)
    refused = asyncio.run(refused_people(loaded.settings)) if refuse_suspended else ()
    print(dump(authentication_configuration(loaded.configuration, refused)), end="")
