"""A small directory for machines without OpenLDAP: people and groups over Atlassian Crowd's API.

Dex's own password database (2.41) knows no groups, and Dex has no other connector that takes a
password and returns groups from something as small as this. Only the four calls that Dex makes
are served, and changes under /people and /groups for tests. Nothing is kept on disk.
"""

import sys
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web

from jwt_to_rbac.sandbox.people import person_dn
from jwt_to_rbac.sandbox.protocol import DirectoryAccess, Person

_API = "/rest/usermanagement/1"


class Start(msgspec.Struct, frozen=True):
    """What the process reads at its start: where to listen, whom to obey, and who is in it."""

    access: DirectoryAccess
    people: dict[str, Person]
    groups: dict[str, list[str]]


class Directory:
    """People by name, and groups with their members' names; handlers for both kinds of client."""

    def __init__(self, start: Start) -> None:
        self._credentials = aiohttp.encode_basic_auth(start.access.admin, start.access.password)
        self._people = dict(start.people)
        self._groups = {group: set(names) for group, names in start.groups.items()}

    def application(self) -> web.Application:
        """The HTTP application."""
        application = web.Application(middlewares=[self._authenticate])
        application.add_routes(
            [
                web.get("/ready", self._ready),
                web.post(f"{_API}/session", self._log_in),
                web.get(f"{_API}/user", self._user),
                web.get(f"{_API}/user/group/nested", self._groups_of),
                web.put("/people/{name}", self._put_person),
                web.delete("/people/{name}", self._delete_person),
                web.put("/groups/{group}/{name}", self._put_member),
                web.delete("/groups/{group}/{name}", self._delete_member),
            ]
        )
        return application

    @web.middleware
    async def _authenticate(
        self, request: web.Request, handler: aiohttp.typedefs.Handler
    ) -> web.StreamResponse:
        if request.path != "/ready" and request.headers.get("Authorization") != self._credentials:
            # Word for word what Crowd says and Dex looks for.
            return web.Response(status=401, text="Application failed to authenticate")
        return await handler(request)

    async def _ready(self, _: web.Request) -> web.Response:
        return web.Response()

    async def _log_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        person = self._find(body["username"])
        # A refresh asks only whether the person is still there.
        checked = request.query.get("validate-password") != "false"
        if person is None or (checked and body.get("password") != person.password):
            return web.json_response({"reason": "INVALID_USER_AUTHENTICATION"}, status=400)
        return web.json_response({"token": "unused", "user": {"name": person.name}}, status=201)

    async def _user(self, request: web.Request) -> web.Response:
        person = self._find(request.query["username"])
        if person is None:
            return web.json_response({"reason": "USER_NOT_FOUND"}, status=404)
        entry = {"key": person_dn(person.name), "name": person.name, "email": person.email}
        return web.json_response(entry | {"active": True})

    async def _groups_of(self, request: web.Request) -> web.Response:
        person = self._find(request.query["username"])
        name = person.name if person is not None else None
        held = [group for group, names in self._groups.items() if name in names]
        return web.json_response({"groups": [{"name": group} for group in held]})

    async def _put_person(self, request: web.Request) -> web.Response:
        self._people[request.match_info["name"]] = msgspec.json.decode(
            await request.read(), type=Person
        )
        return web.Response(status=204)

    async def _delete_person(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if self._people.pop(name, None) is None:
            return web.Response(status=404, text=f"there is no person {name}")
        for names in self._groups.values():
            names.discard(name)
        return web.Response(status=204)

    async def _put_member(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._people:
            return web.Response(status=404, text=f"there is no person {name}")
        self._groups.setdefault(request.match_info["group"], set()).add(name)
        return web.Response(status=204)

    async def _delete_member(self, request: web.Request) -> web.Response:
        group, name = request.match_info["group"], request.match_info["name"]
        if name not in self._groups.get(group, set()):
            return web.Response(status=404, text=f"{name} is not in {group}")
        self._groups[group].remove(name)
        return web.Response(status=204)

    def _find(self, name_or_email: str) -> Person | None:
        # Dex logs people in by e-mail address, and asks for their groups by name.
        for person in self._people.values():
            if name_or_email in (person.name, person.email):
                return person
        return None


def main() -> None:
    """Serve the directory that the file named on the command line describes, until ended."""
    start = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Start)
    host, _, port = start.access.url.removeprefix("http://").partition(":")
    web.run_app(Directory(start).application(), host=host, port=int(port), print=None)


if __name__ == "__main__":
    main()
