"""Pages as a test reads them: their words, their title, and what a browser would send back."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dossiers import kinds
from dossiers.models import DossierStage
from tests.dossiers import factories


def url(name: str, stage: DossierStage, *args: object) -> str:
    return reverse(f"dossiers:{name}", args=[stage.dossier.reference, *args])


def owner(stage: DossierStage) -> Client:
    return factories.signed_in(stage.dossier.referent)


def text(response: HttpResponse) -> str:
    """What a page says, without its tags, spaces made one."""
    page = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).replace("\u00a0", " ").replace("\u202f", " ").split())


def title(response: HttpResponse) -> str:
    return " ".join(html.unescape(re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL)[1]).split())  # type: ignore[index]


def fields(response: HttpResponse) -> dict[str, str]:
    """The hidden fields of a page, by name."""
    inputs = re.findall(r"<input[^>]*>", response.content.decode())
    found = {}
    for each in inputs:
        name, value = re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)
        if 'type="hidden"' in each and name and value:
            found[name[1]] = html.unescape(value[1])
    return found


def typed(page: HttpResponse, **answers: kinds.Raw) -> dict[str, Any]:
    """What a browser sends from this page when these questions were changed: the others are not in this form."""
    hidden = fields(page)
    data: dict[str, Any] = {}
    for code, raw in answers.items():
        data[f"{code}-base"] = hidden[f"{code}-base"]
        data |= {f"{code}-{name}": content for name, content in raw.items()}
    return data


def send(
    client: Client, stage: DossierStage, page: HttpResponse, *, button: str = "draft", **answers: kinds.Raw
) -> Any:
    """Press a button of the form that `page` shows, after having typed these answers."""
    return client.post(url("form", stage), {**typed(page, **answers), button: "1"})


def cost(act: Callable[[], Any]) -> int:
    """The queries of a page, those that hold a transaction left out."""
    with CaptureQueriesContext(connection) as queries:
        response = act()
    assert response.status_code in {200, 302}
    return len([each for each in queries if "SAVEPOINT" not in each["sql"]])
