"""Dex as examples/dex runs it: its image, and what the example leaves to whoever follows it. No assertions."""

import datetime
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from jwt_to_rbac.certificate_authority import CertificateAuthority
from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.builds import ensure_programs
from jwt_to_rbac.sandbox.node.addresses import ADDRESS
from jwt_to_rbac.sandbox.node.images import write_archive
from tests.support.helm import Body

EXAMPLE = Path(__file__).parents[3] / "examples" / "dex"


def image(folder: Path, name: str) -> Path:
    """An archive of an image with the sandbox's Dex at the place where the published one has it."""
    program = ensure_programs()["dex"]
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    libraries = re.findall(r"(?:=> |^\s*)(/\S+) \(0x", linked, re.MULTILINE)
    files = {library.removeprefix("/"): Path(library) for library in libraries}
    archive = folder / "dex.tar"
    write_archive(archive, name, files | {"usr/local/bin/dex": program})
    return archive


def certificate(folder: Path, sandbox: Sandbox) -> None:
    """`tls.crt`, `tls.key`, and `ca.crt`, of the sandbox's authority."""
    lifetime = datetime.timedelta(days=1)
    authority = CertificateAuthority(sandbox.directory / "pki", "goes on", lifetime)
    pair = authority.issue("dex-pod", "dex", hosts=("dex.dex.svc",))
    for name, file in (("tls.crt", pair.certificate), ("tls.key", pair.key)):
        (folder / name).write_bytes(file.read_bytes())
    (folder / "ca.crt").write_bytes(sandbox.ca_file.read_bytes())


def directory_service(sandbox: Sandbox) -> Body:
    """A Service `openldap` that leads to the sandbox's OpenLDAP, which runs beside the pods."""
    meta = {"name": "openldap", "namespace": "openldap"}
    port = urlsplit(sandbox.facts.directory_access.url).port
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "openldap"}}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta,
        "spec": {"ports": [{"port": 389, "targetPort": port}]},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta | {"labels": {"kubernetes.io/service-name": "openldap"}},
        "addressType": "IPv4",
        "ports": [{"port": port}],
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": True}}],
    }
    return {"apiVersion": "v1", "kind": "List", "items": [namespace, service, endpoints]}
