"""Puts the parts of one sandbox together and starts them, as much as possible at the same time.

Runs inside the keeper; knows each part's address, and nothing of owners, pipes or locks.
"""

import asyncio
import os
import secrets
from pathlib import Path

from jwt_to_rbac.sandbox.certificates import Pki, write_pki
from jwt_to_rbac.sandbox.errors import PartFailed, SandboxError
from jwt_to_rbac.sandbox.kubeconfig import write_kubeconfig
from jwt_to_rbac.sandbox.node import machine
from jwt_to_rbac.sandbox.node.addresses import ADDRESS, SERVER_NAMES
from jwt_to_rbac.sandbox.node.cgroups import make_cgroups, remove_cgroups
from jwt_to_rbac.sandbox.node.parts import Node, api_server_flags
from jwt_to_rbac.sandbox.node.starting import start_node
from jwt_to_rbac.sandbox.part import Part, Recipe
from jwt_to_rbac.sandbox.parts.built_in_directory import built_in_directory_recipe
from jwt_to_rbac.sandbox.parts.dex import dex_recipe
from jwt_to_rbac.sandbox.parts.etcd import etcd_recipe
from jwt_to_rbac.sandbox.parts.kubernetes import (
    WITHOUT_NODES,
    api_server_recipe,
    controller_manager_recipe,
)
from jwt_to_rbac.sandbox.parts.openldap import find_slapd, openldap_recipe
from jwt_to_rbac.sandbox.people import ADMIN, Seed, first_people, new_password
from jwt_to_rbac.sandbox.ports import Ports
from jwt_to_rbac.sandbox.probes import Web
from jwt_to_rbac.sandbox.protocol import DirectoryAccess, Facts, Options, PartState


class Plane:
    """The parts of one sandbox in one folder."""

    def __init__(self, folder: Path, programs: dict[str, str], options: Options) -> None:
        self._folder = folder
        self._programs = programs
        self._options = options
        self._ports = Ports()
        self._parts: dict[str, Part] = {}
        self._web: Web | None = None
        self._etcd = ""
        self._pki: Pki | None = None
        self._address = ADDRESS if options.node else "127.0.0.1"
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}

    async def start(self) -> Facts:
        """Start all parts and return when every one is ready. Raises SandboxError.

        Start it once; after a failure, `stop` it and take a new Plane in a fresh folder.
        """
        if self._options.node:
            machine.set_up(self._folder)
            make_cgroups(self._folder)
        (self._folder / "logs").mkdir()
        pki = self._pki = write_pki(self._folder / "pki", self._server_names())
        web = self._web = Web(pki.ca, pki.admin)
        seed = first_people()
        facts = self._facts(pki, seed)
        try:
            async with asyncio.TaskGroup() as together:
                if self._options.control_plane:
                    together.create_task(self._start_cluster(facts, pki, web))
                together.create_task(self._start_directory(facts, seed, web))
                together.create_task(self._start_dex(facts, pki, web))
        except* SandboxError as several:
            # One sentence for a person: the first failure is the cause, the rest are its echoes.
            raise several.exceptions[0] from None
        return facts

    async def stop(self) -> None:
        """End all parts, at once; safe to repeat."""
        await asyncio.gather(*(part.stop() for part in self._parts.values()))
        if self._web is not None:
            await self._web.close()
        self._ports.release()
        if self._options.node:
            remove_cgroups(self._folder)
            machine.let_go(self._folder)

    async def start_part(self, name: str, flags: tuple[str, ...]) -> None:
        """Start a stopped part again with `flags` added. Raises PartFailed."""
        await self._part(name).start(flags)

    async def add_api_server(self, name: str, port: int, flags: tuple[str, ...]) -> None:
        """Start one more API server on the plane's etcd; its controllers stay the first one's.

        Takes the place of a stopped part of this name. Raises PartFailed.
        """
        if not (self._etcd and self._pki and self._web):
            raise PartFailed("this sandbox has no control plane to add an API server to.")
        if name in self._parts:
            await self._parts[name].stop()
        await self._run(
            api_server_recipe(
                self._programs["kube-apiserver"],
                name=name,
                port=port,
                etcd=self._etcd,
                pki=self._pki,
                web=self._web,
                environment=self._environment,
                flags=flags,
            )
        )

    async def stop_part(self, name: str) -> None:
        """End one part. Raises PartFailed if there is none of that name."""
        await self._part(name).stop()

    @property
    def states(self) -> list[PartState]:
        """The state of every part."""
        return [part.state for part in self._parts.values()]

    def _part(self, name: str) -> Part:
        if name not in self._parts:
            raise PartFailed(f"there is no part {name!r}, only {', '.join(sorted(self._parts))}.")
        return self._parts[name]

    def _facts(self, pki: Pki, seed: Seed) -> Facts:
        api_server = f"https://{self._address}:{self._ports.take()}"
        scheme = "https" if self._options.issuer_tls else "http"
        kubeconfig = write_kubeconfig(
            self._folder / "kubeconfig",
            server=api_server,
            ca=pki.ca,
            user="sandbox-admin",
            pair=pki.admin,
        )
        return Facts(
            directory=str(self._folder),
            kubeconfig=str(kubeconfig),
            api_server=api_server,
            ca_file=str(pki.ca),
            kubectl=self._programs["kubectl"],
            issuer=f"{scheme}://{self._address}:{self._ports.take()}/dex",
            client_id="example-app",
            client_secret=secrets.token_urlsafe(16),
            public_client_id="cli",
            people=seed.people,
            directory_access=self._directory_access(),
        )

    def _directory_access(self) -> DirectoryAccess:
        kind = self._options.directory or ("openldap" if find_slapd() else "built-in")
        scheme = "ldap" if kind == "openldap" else "http"
        url = f"{scheme}://{self._address}:{self._ports.take()}"
        return DirectoryAccess(kind, url, ADMIN, new_password())

    async def _start_cluster(self, facts: Facts, pki: Pki, web: Web) -> None:
        client, peer = (f"http://127.0.0.1:{self._ports.take()}" for _ in range(2))
        self._etcd = client
        await self._run(
            etcd_recipe(
                self._programs["etcd"],
                data=self._folder / "etcd",
                client=client,
                peer=peer,
                web=web,
                environment=self._environment,
            )
        )
        await self._run(
            api_server_recipe(
                self._programs["kube-apiserver"],
                port=int(facts.api_server.rpartition(":")[2]),
                etcd=client,
                pki=pki,
                web=web,
                environment=self._environment,
                address=self._address,
                flags=api_server_flags(pki) if self._options.node else (),
            )
        )
        await self._run(
            controller_manager_recipe(
                self._programs["kube-controller-manager"],
                port=self._ports.take(),
                api_server=facts.api_server,
                kubeconfig=write_kubeconfig(
                    self._folder / "controller-manager.kubeconfig",
                    server=facts.api_server,
                    ca=pki.ca,
                    user="kube-controller-manager",
                    pair=pki.controller_manager,
                ),
                pki=pki,
                web=web,
                environment=self._environment,
                controllers=("*",) if self._options.node else WITHOUT_NODES,
            )
        )
        if self._options.node:
            await self._start_node(facts, pki, web)

    async def _start_node(self, facts: Facts, pki: Pki, web: Web) -> None:
        node = Node(self._folder, self._programs, facts, pki, web, self._environment)
        await start_node(node, self._run)

    def _server_names(self) -> tuple[str, ...]:
        return SERVER_NAMES if self._options.node else ()

    async def _start_directory(self, facts: Facts, seed: Seed, web: Web) -> None:
        access, folder = facts.directory_access, self._folder / "directory"
        if access.kind == "openldap":
            recipe = openldap_recipe(access, seed, folder=folder, environment=self._environment)
        else:
            recipe = built_in_directory_recipe(
                access, seed, folder=folder, web=web, environment=self._environment
            )
        await self._run(recipe)

    async def _start_dex(self, facts: Facts, pki: Pki, web: Web) -> None:
        await self._run(
            dex_recipe(
                self._programs["dex"],
                facts=facts,
                id_token_lifetime=self._options.id_token_lifetime,
                tls=pki.server if self._options.issuer_tls else None,
                configuration=self._folder / "dex.yaml",
                web=web,
                environment=self._environment,
            )
        )

    async def _run(self, recipe: Recipe) -> None:
        part = self._parts[recipe.name] = Part(recipe, self._folder / "logs")
        await part.start()
