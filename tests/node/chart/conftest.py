"""One release for all of these tests."""

import secrets
from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.builds import HELM, ensure_program
from tests.chart.release import remove_everything
from tests.node.chart.installed import Release, values_for
from tests.support.cluster import kubectl
from tests.support.helm import NAMESPACE, Helm


@pytest.fixture(scope="package")
def release(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The chart, installed to run as a user that nobody has chosen, with two issuers: the Dex of
    examples/dex, and the sandbox's."""
    helm = Helm(ensure_program(HELM), tmp_path_factory.mktemp("helm"))
    user = secrets.randbelow(2**30) + 2**20
    context = {"runAsUser": user, "runAsGroup": user}
    release = Release(helm, sandbox, values_for(sandbox, podSecurityContext=context))
    kubectl(sandbox, "create", "namespace", NAMESPACE)
    authority = f"--from-file=ca.crt={sandbox.ca_file}"
    kubectl(sandbox, "create", "configmap", "dex-ca", "-n", NAMESPACE, authority)
    release.act("install")
    yield release
    release.act("uninstall", "--wait")
    remove_everything(sandbox)
