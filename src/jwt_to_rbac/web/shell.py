"""What all pages share: the templates and the frame around them. What stands in a page is its section's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jwt_to_rbac import ports
from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.usecases.callers import Visitor
from jwt_to_rbac.web import forms
from jwt_to_rbac.web.cookies import Visiting
from jwt_to_rbac.web.guard import guarded
from jwt_to_rbac.web.matrix import COLUMNS, cells, verbs
from jwt_to_rbac.web.picture import draw
from jwt_to_rbac.web.words import distance, length, moment

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of somebody who is logged in. `form` has the fields of a POST, checked.

    `administers`: whether the menu shows them the administration, which asks by itself.
    """

    request: Request
    visiting: Visiting
    visitor: Visitor
    account: Account
    form: Mapping[str, str] = field(default_factory=dict)
    administers: bool = False

    @property
    def noted(self) -> ports.Request:
        return noted(self.request)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the menu; some are `for_administrators` alone."""

    path: str
    title: str
    for_administrators: bool = False


class Shell:
    """Renders pages; `origin` is ours as browsers know it, `files` tells the static ones' addresses."""

    def __init__(
        self, origin: str, cluster: str, files: Mapping[str, str], menu: Sequence[Link]
    ) -> None:
        self.origin = origin
        self.secure = origin.startswith("https:")
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "moment": moment,
            "length_of_time": length,
            "distance": distance,
            "rfc3339": rfc3339,
            "cells": cells,
            "verbs": verbs,
            "drawn": draw,
        }
        self._templates.globals |= {
            "cluster": cluster,
            "files": files,
            "menu": menu,
            "form_key_field": forms.KEY,
            "columns": COLUMNS,
        }

    def page(
        self,
        template: str,
        asked: Asked | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """The page. Templates see `values`, who is logged in (`who`, None for nobody), `form_key`
        and `path`."""
        text = self._templates.get_template(template).render(
            who=None if asked is None else asked.account.record.person,
            form_key="" if asked is None else asked.visiting.form_key,
            path="" if asked is None else asked.request.url.path,
            administers=asked is not None and asked.administers,
            **values,
        )
        return guarded(HTMLResponse(text, status, headers), self.secure)

    def redirect(self, to: str) -> Response:
        """Send the browser on with a GET, wherever it comes from."""
        return guarded(RedirectResponse(to, HTTPStatus.SEE_OTHER), self.secure)


def noted(request: Request) -> ports.Request:
    """What the use cases are to know of the request: the edge has noted it."""
    found: ports.Request = request.scope["state"]["request"]
    return found
