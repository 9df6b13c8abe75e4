"""The pages of a référent, a transmission and the save of one answer, through gunicorn on loopback, beside the floor F
(Q71, Q73).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/pages.py

One client, on the demonstration's data, each page in turn, a hundred times; medians of whole requests. F is an empty
Django view without middleware behind a second server started the same way. Then eight référents at once, each with a
session of its own, on two workers.
"""

import os
import statistics
import sys
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.serving import CLIENTS, CORES, asker, cookie, crowd, memory, server, spent, timed  # noqa: E402
from dossiers import kinds, queries  # noqa: E402
from dossiers.enums import Status  # noqa: E402
from dossiers.models import DossierStage  # noqa: E402
from tests.accounts import sessions  # noqa: E402
from tests.dossiers import factories  # noqa: E402

ROUNDS, WARMING, TRANSMISSIONS = 100, 5, 30
#: Ceilings, in F.
CEILINGS = {
    "home": 8,
    "sign-in": 8,
    "dashboard": 18,
    "form of 19 questions": 25,
    "recap": 25,
    "transmission": 35,
    "one answer saved": 15,
}


def saver(port: int, stage: DossierStage, cookies: str, csrf: str) -> Callable[[], bytes]:
    """Saves one answer after the other to the same question, each from the one before."""
    question = next(each for each in queries.questions(stage.revision) if each.kind == "long_text")
    path = reverse("dossiers:answer", args=[stage.dossier.reference, question.code])
    ask, answer = asker(port, path, f"{cookies}; csrftoken={csrf}"), stage.answers.filter(code=question.code).first()
    texts, raw = cycle(["Un texte", "Un autre texte"]), answer.raw if answer else {}

    def save() -> bytes:
        nonlocal raw
        base, raw = kinds.digest(raw), {"value": next(texts)}
        data = {f"{question.code}-value": raw["value"], f"{question.code}-base": base}
        return ask(data, **{"X-CSRFToken": csrf, "HX-Request": "true"})

    return save


def session(user: User) -> str:
    """The cookie of a session of theirs."""
    return cookie(sessions.sign_in(Client(), user))


def transmissions(port: int, csrf: str) -> list[float]:
    """The seconds that each of some transmissions took, of a complete dossier that nobody has shown yet."""
    times = []
    for _ in range(TRANSMISSIONS):
        referent = factories.referent(factories.entity(), terms_accepted=True)
        stage = factories.fill(factories.draft(by=referent))
        cookies = f"{session(stage.dossier.referent)}; csrftoken={csrf}"
        transmit = asker(port, reverse("dossiers:transmit", args=[stage.dossier.reference]), cookies, status=302)
        data = {"seen": factories.seen(stage), "csrfmiddlewaretoken": csrf}
        times.append(spent(partial(transmit, data)))
        if factories.fresh(stage).status != Status.TRANSMITTED:
            sys.exit("A dossier was not transmitted.")
    return times


def main() -> None:
    call_command("prepare", demo=True, stdout=sys.stderr)
    drafts = DossierStage.objects.filter(status="draft", dossier__guichet__code__icontains="poc")
    stage = max(drafts, key=lambda each: each.answers.count())
    reference = stage.dossier.reference
    paths = {
        "dashboard": reverse("dossiers:dashboard"),
        "form of 19 questions": reverse("dossiers:form", args=[reference]),
        "recap": reverse("dossiers:recap", args=[reference]),
    }
    cookies = session(stage.dossier.referent)
    with server("bench.floor:application") as (floor, _), server("ecare.wsgi") as (port, master):
        acts = {
            "F": asker(floor, "/"),
            "home": asker(port, "/"),
            "sign-in": asker(port, reverse("accounts:sign-in")),
            **{name: asker(port, path, cookies) for name, path in paths.items()},
            "one answer saved": saver(port, stage, cookies, "a" * 32),
        }
        times = timed(acts, warming=WARMING, rounds=ROUNDS)
        times["transmission"] = transmissions(port, "a" * 32)
        held = memory(master)
    floor_time = statistics.median(times["F"])
    print(f"F: {floor_time * 1000:.2f} ms")
    for name, ceiling in CEILINGS.items():
        median = statistics.median(times[name])
        print(f"{name:22} {median * 1000:6.1f} ms = {median / floor_time:5.1f} F (at most {ceiling})")
    print(f"memory of the worker   {held:6} MiB (at most 160)")
    with server("ecare.wsgi", workers=CORES) as (port, _):
        together = [session(stage.dossier.referent) for _ in range(CLIENTS)]
        print(f"{CLIENTS} clients at once:")
        for name, path in paths.items():
            print(f"{name:22} {crowd(port, path, together)}")


if __name__ == "__main__":
    main()
