"""The web app's pages for administrators, with the use cases that only they have."""

import time

from jwt_to_rbac.kube.events_read import EventsRead
from jwt_to_rbac.ports import BrowserLogins
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.usecases.find_people import FindPeople
from jwt_to_rbac.usecases.lately import Lately
from jwt_to_rbac.usecases.people import People
from jwt_to_rbac.usecases.revoke import Revoke
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.usecases.who_can import WhoCan
from jwt_to_rbac.web.administration.explain import ExplainPage
from jwt_to_rbac.web.administration.gate import Administration
from jwt_to_rbac.web.administration.group import WholeGroup
from jwt_to_rbac.web.administration.people import AllPeople
from jwt_to_rbac.web.administration.person import OnePerson
from jwt_to_rbac.web.administration.who_can import WhoCanPage
from jwt_to_rbac.web.shell import Shell
from jwt_to_rbac.wiring.parts import Parts


def administration(
    parts: Parts,
    shell: Shell,
    logins: BrowserLogins,
    explain: Explain,
    people: People,
    sessions: Sessions,
    revoke: Revoke,
    who_can: WhoCan,
) -> Administration:
    callers = parts.callers
    find = FindPeople(callers, parts.cluster, parts.current.policy, people.settle, time.time)
    lately = Lately(callers, parts.cluster, EventsRead(parts.session))
    return Administration(
        callers,
        (
            AllPeople(shell, find, time.time),
            OnePerson(shell, callers, find, lately, people, sessions, revoke, time.time),
            WhoCanPage(shell, who_can),
            ExplainPage(shell, explain, logins),
            WholeGroup(shell, callers, find, revoke),
        ),
    )
