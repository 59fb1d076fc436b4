"""The whole story in its order, on one sandbox and one cluster."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from jwt_to_rbac.sandbox import Options, Sandbox, start
from jwt_to_rbac.sandbox.demo.borrowed import Borrowed
from jwt_to_rbac.sandbox.demo.jane import tell_jane
from jwt_to_rbac.sandbox.demo.john import tell_john
from jwt_to_rbac.sandbox.demo.opening import administrator, install, serve, tell_parts
from jwt_to_rbac.sandbox.demo.stage import Stage
from jwt_to_rbac.sandbox.demo.telling import Teller


@contextmanager
def told(teller: Teller, borrowed: Borrowed | None = None) -> Iterator[Stage]:
    """Tell everything; within the block all still runs and jane is logged in.

    Raises StepFailed. Whatever happens, nothing is left running, and on a `borrowed` cluster
    nothing is left behind.
    """
    with ExitStack() as parts:
        with teller.step("The parts start"):
            sandbox = parts.enter_context(start(Options(control_plane=borrowed is None)))
            tell_parts(teller, sandbox, own_cluster=borrowed is None)
        with on_the_cluster(teller, sandbox, borrowed) as stage:
            tell_jane(stage)
            tell_john(stage)
            yield stage


@contextmanager
def on_the_cluster(
    teller: Teller, sandbox: Sandbox, borrowed: Borrowed | None = None
) -> Iterator[Stage]:
    """The product installed and running on the sandbox's cluster, or on a borrowed one."""
    folder = sandbox.directory / "demo"
    folder.mkdir(mode=0o700)
    run = secrets.token_hex(4)
    kubeconfig = borrowed.kubeconfig if borrowed else sandbox.kubeconfig.read_text()
    admin = administrator(sandbox.kubectl, kubeconfig, folder)
    stage = Stage(teller, sandbox, admin, folder)
    with ExitStack() as ending:
        with teller.step("The cluster is made ready"):
            if borrowed:
                borrowed.must_be_free(admin)
                ending.enter_context(borrowed.given_back(admin, run, teller))
            install(stage, run)
        yield ending.enter_context(serve(stage))
