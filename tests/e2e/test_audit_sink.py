"""No record, no effect: logins are refused while records can't be written, and go on by themselves."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import install, names
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet


@contextmanager
def server(sandbox: Sandbox, issuer: ManyPeople, audit: Path, folder: Path) -> Iterator[Client]:
    install(sandbox)
    config = pod_configuration(audit, {issuer.url: AUDIENCE})
    with installed_server(sandbox, config, folder) as running:
        yield Client(running, audit)


def test_a_full_disk_refuses_logins_and_room_takes_them_again(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    token = issuer.token("recorded")
    audit = tmp_path / "audit.log"
    audit.symlink_to("/dev/full")
    with server(sandbox, issuer, audit, tmp_path) as client:
        refused = client.log_in(token)
        assert (refused.status, refused.json()["code"]) == (503, "audit_unavailable")
        assert "No space left on device" in refused.json()["detail"]
        assert "jwt_to_rbac_audit_failures_total 1.0" in client.call("GET", "/metrics").text
        assert "recorded-example-com" not in names(sandbox, "accessgrants")
        audit.unlink()
        assert client.log_in(token).status == 201
        (record,) = (one for one in client.audited() if one["event"] == "login")
        assert record["source"] == "127.0.0.1"
        assert client.call("DELETE", "/rbac/recorded-example-com", bearer=token).status == 202


def test_a_pipe_that_nobody_reads_refuses_logins_in_time_and_harms_nothing_else(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    token = issuer.token("piped")
    audit = tmp_path / "pipe"
    os.mkfifo(audit)
    reader = os.open(audit, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    with server(sandbox, issuer, audit, tmp_path) as client:
        while client.log_in("bad").json()["code"] != "audit_unavailable":
            pass
        began = monotonic()
        refused = client.log_in(token)
        assert (refused.status, refused.json()["code"]) == (503, "audit_unavailable")
        assert client.call("GET", "/healthz").status == 200
        assert monotonic() - began < 2.5
        assert "piped-example-com" not in names(sandbox, "accessgrants")
        os.read(reader, 65536)
        assert eventually(lambda: client.log_in(token).status == 201)
        assert client.call("DELETE", "/rbac/piped-example-com", bearer=token).status == 202
    os.close(reader)
