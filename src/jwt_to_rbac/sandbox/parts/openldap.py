"""OpenLDAP's slapd: its configuration, first entries, command line and readiness."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from jwt_to_rbac.sandbox.errors import PartFailed, ProgramMissing
from jwt_to_rbac.sandbox.part import Recipe
from jwt_to_rbac.sandbox.people import (
    ADMIN,
    BASE,
    GROUPS_BASE,
    PEOPLE_BASE,
    Seed,
    group_dn,
    person_dn,
)
from jwt_to_rbac.sandbox.probes import succeeds
from jwt_to_rbac.sandbox.protocol import DirectoryAccess

# slapd lies outside an ordinary user's PATH.
_SBIN = "/usr/sbin:/usr/local/sbin:/usr/lib/openldap"
_MODULES = ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap")
_SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema")


def find_slapd() -> Path | None:
    """slapd, if it is here together with the client tools (Debian: slapd, ldap-utils)."""
    found = shutil.which("slapd") or shutil.which("slapd", path=_SBIN)
    clients = shutil.which("ldapmodify") and shutil.which("ldapwhoami")
    return Path(found) if found and clients else None


def openldap_recipe(
    access: DirectoryAccess, seed: Seed, *, folder: Path, environment: dict[str, str]
) -> Recipe:
    """Lays out `folder` with a database that holds `seed`, and returns how to run slapd on it.

    Raises ProgramMissing without slapd, PartFailed if it refuses the first entries.
    """
    slapd = find_slapd()
    if slapd is None:
        raise ProgramMissing("slapd or ldap-utils is missing: apt-get install slapd ldap-utils")
    (folder / "data").mkdir(parents=True)
    # Ubuntu's AppArmor profile holds for /usr/sbin/slapd alone and would keep it out of here.
    program = Path(shutil.copy(slapd, folder / "slapd"))
    configuration = _write(folder / "slapd.conf", _configuration(folder / "data", access.password))
    entries = _write(folder / "first.ldif", "\n".join(first_entries(seed)))
    load = [str(program), "-T", "add", "-f", str(configuration), "-l", str(entries)]
    loaded = subprocess.run(load, capture_output=True, text=True, env=environment)
    if loaded.returncode != 0:
        raise PartFailed(f"slapadd refused the first entries:\n{loaded.stderr[-2000:]}")
    return Recipe(
        name="slapd",
        command=(str(program), "-f", str(configuration), "-h", access.url, "-d", "stats"),
        environment=environment,
        is_ready=succeeds(
            *("ldapwhoami", "-x", "-H", access.url, "-D", access.admin, "-w", access.password)
        ),
    )


def first_entries(seed: Seed) -> Iterator[str]:
    """The LDIF of the whole tree."""
    yield f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n"
    for unit in (PEOPLE_BASE, GROUPS_BASE):
        yield f"dn: {unit}\nobjectClass: organizationalUnit\n"
    for person in seed.people.values():
        yield (
            f"dn: {person_dn(person.name)}\nobjectClass: inetOrgPerson\nsn: doe\n"
            f"mail: {person.email}\nuserPassword: {person.password}\n"
        )
    for group, names in seed.groups.items():
        # groupOfNames must have a member; the administrator keeps the place when people leave.
        members = "".join(f"member: {person_dn(name)}\n" for name in names)
        yield f"dn: {group_dn(group)}\nobjectClass: groupOfNames\nmember: {ADMIN}\n{members}"


def _configuration(data: Path, password: str) -> str:
    schemas = _first_folder(_SCHEMAS)
    includes = (f"include {schemas}/{name}.schema" for name in ("core", "cosine", "inetorgperson"))
    return "\n".join(
        (
            *includes,
            f"modulepath {_first_folder(_MODULES)}",
            "moduleload back_mdb",
            "database mdb",
            f'suffix "{BASE}"',
            f'rootdn "{ADMIN}"',
            f"rootpw {password}",
            f'directory "{data}"',
            "dbnosync",
            "",
        )
    )


def _first_folder(candidates: tuple[str, ...]) -> str:
    for candidate in candidates:
        if Path(candidate).is_dir():
            return candidate
    raise ProgramMissing(f"slapd is here, but none of {', '.join(candidates)}: reinstall slapd")


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
