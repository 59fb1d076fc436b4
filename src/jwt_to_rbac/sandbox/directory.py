"""Changes the directory of a running sandbox: people come, go, and change groups.

One class for each kind of directory behind the same four methods; nothing here logs in.
"""

import base64
import subprocess
import urllib.error
import urllib.request
from typing import Protocol

import msgspec

from jwt_to_rbac.sandbox.errors import DirectoryRefused
from jwt_to_rbac.sandbox.people import ADMIN, group_dn, person_dn
from jwt_to_rbac.sandbox.protocol import DirectoryAccess, Person

_NO_SUCH_OBJECT = 32  # RFC 4511, and the exit code of OpenLDAP's tools


class DirectoryServer(Protocol):
    """The directory behind Dex. Every method raises DirectoryRefused; a change is seen by the
    next login (and by the next refresh) at Dex."""

    def add_person(self, person: Person) -> None:
        """Add somebody who is in no group yet."""

    def remove_person(self, name: str) -> None:
        """Remove somebody from all groups and from the directory."""

    def add_to_group(self, name: str, group: str) -> None:
        """Add a person to a group, which is made if it isn't there."""

    def remove_from_group(self, name: str, group: str) -> None:
        """Remove a person from a group; the group stays."""


def directory_server(access: DirectoryAccess) -> DirectoryServer:
    """The client that fits the directory at `access`."""
    return OpenLdap(access) if access.kind == "openldap" else BuiltIn(access)


class OpenLdap:
    """OpenLDAP, changed by ldapmodify and ldapsearch of Debian's ldap-utils."""

    def __init__(self, access: DirectoryAccess) -> None:
        self._login = ("-x", "-H", access.url, "-D", access.admin, "-w", access.password)

    def add_person(self, person: Person) -> None:
        """Add an inetOrgPerson."""
        self._modify(
            f"dn: {person_dn(person.name)}\nchangetype: add\nobjectClass: inetOrgPerson\n"
            f"sn: doe\nmail: {person.email}\nuserPassword: {person.password}\n"
        )

    def remove_person(self, name: str) -> None:
        """OpenLDAP itself leaves members behind whose entry is gone, so these go first."""
        for group in self._groups_of(name):
            self.remove_from_group(name, group)
        self._modify(f"dn: {person_dn(name)}\nchangetype: delete\n")

    def add_to_group(self, name: str, group: str) -> None:
        """Add a `member` value."""
        member = f"member: {person_dn(name)}\n"
        add = f"dn: {group_dn(group)}\nchangetype: modify\nadd: member\n{member}"
        if self._run("ldapmodify", change=add).returncode == _NO_SUCH_OBJECT:
            self._modify(
                f"dn: {group_dn(group)}\nchangetype: add\nobjectClass: groupOfNames\n"
                f"member: {ADMIN}\n{member}"
            )

    def remove_from_group(self, name: str, group: str) -> None:
        """Delete a `member` value."""
        self._modify(
            f"dn: {group_dn(group)}\nchangetype: modify\ndelete: member\n"
            f"member: {person_dn(name)}\n"
        )

    def _groups_of(self, name: str) -> list[str]:
        query = ("-LLL", "-o", "ldif-wrap=no", "-b", "dc=example,dc=org")
        found = self._run("ldapsearch", *query, f"(member={person_dn(name)})", "cn")
        lines = found.stdout.splitlines()
        return [line.removeprefix("cn: ") for line in lines if line.startswith("cn: ")]

    def _modify(self, change: str) -> None:
        if self._run("ldapmodify", change=change).returncode == _NO_SUCH_OBJECT:
            raise DirectoryRefused(f"the directory has no such entry:\n{change}")

    def _run(
        self, tool: str, *arguments: str, change: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command = [tool, *self._login, *arguments]
        run = subprocess.run(command, input=change, capture_output=True, text=True)
        if run.returncode not in (0, _NO_SUCH_OBJECT):
            raise DirectoryRefused(f"{tool} failed: {run.stderr.strip()}\nIt was asked:\n{change}")
        return run


class BuiltIn:
    """The directory of `crowd.py`."""

    def __init__(self, access: DirectoryAccess) -> None:
        self._url = access.url
        login = base64.b64encode(f"{access.admin}:{access.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}"}

    def add_person(self, person: Person) -> None:
        """Add or replace an entry."""
        self._call("PUT", f"/people/{person.name}", msgspec.json.encode(person))

    def remove_person(self, name: str) -> None:
        """Remove the entry and the memberships."""
        self._call("DELETE", f"/people/{name}")

    def add_to_group(self, name: str, group: str) -> None:
        """Add a member."""
        self._call("PUT", f"/groups/{group}/{name}")

    def remove_from_group(self, name: str, group: str) -> None:
        """Remove a member."""
        self._call("DELETE", f"/groups/{group}/{name}")

    def _call(self, method: str, path: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(
            f"{self._url}{path}", data=body, headers=self._headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except urllib.error.HTTPError as refusal:
            said = refusal.read().decode(errors="replace")
            raise DirectoryRefused(f"{method} {path}: {refusal.code} {said}") from refusal
