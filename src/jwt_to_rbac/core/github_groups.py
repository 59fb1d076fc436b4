"""Which of a person's groups may be believed where the connector `github` is one of several; pure."""

from jwt_to_rbac.core.identity import Person

GITHUB = "github"
"""The connector's id, as the first system had it."""


def believed_groups(person: Person, github_org: str, prefix: str = "") -> tuple[str, ...]:
    """The groups of `person` that rules may match, in order; the names themselves stay.

    From `github` only `org:team` counts: anybody can create an organisation, and Dex's
    `loadAllGroups` then sends its bare name, be it `admins`. From another connector
    `<github_org>:...` doesn't count: GitLab sends `path:developer` for a path that anybody
    can take. `prefix` is what the configuration puts before each of the issuer's groups: its
    colon must not make a bare name look like `org:team`.
    """
    if person.connector == GITHUB:
        return tuple(g for g in person.groups if g.removeprefix(prefix).find(":") > 0)
    if github_org:
        return tuple(g for g in person.groups if not g.startswith(f"{prefix}{github_org}:"))
    return person.groups
