"""The pages of a référent and the save of one answer, through gunicorn on loopback, beside the floor F (Q71, Q73).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/pages.py

One client, on the demonstration's data, each page in turn, a hundred times; medians of whole requests. F is an empty
Django view without middleware behind a second server started the same way.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.serving import asker, memory, server  # noqa: E402
from dossiers import kinds, queries  # noqa: E402
from dossiers.models import DossierStage  # noqa: E402
from tests.accounts import sessions  # noqa: E402

ROUNDS, WARMING = 100, 5
#: Ceilings, in F.
CEILINGS = {"home": 8, "sign-in": 8, "dashboard": 18, "form of 19 questions": 25, "recap": 25, "one answer saved": 15}


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


def main() -> None:
    call_command("prepare", demo=True, stdout=sys.stderr)
    drafts = DossierStage.objects.filter(status="draft", dossier__guichet__code__icontains="poc")
    stage = max(drafts, key=lambda each: each.answers.count())
    client = sessions.sign_in(Client(), stage.dossier.referent)
    name = settings.SESSION_COOKIE_NAME
    cookies = f"{name}={client.cookies[name].value}"
    with server("bench.floor:application") as (floor, _), server("ecare.wsgi") as (port, master):
        reference = stage.dossier.reference
        acts = {
            "F": asker(floor, "/"),
            "home": asker(port, "/"),
            "sign-in": asker(port, reverse("accounts:sign-in")),
            "dashboard": asker(port, reverse("dossiers:dashboard"), cookies),
            "form of 19 questions": asker(port, reverse("dossiers:form", args=[reference]), cookies),
            "recap": asker(port, reverse("dossiers:recap", args=[reference]), cookies),
            "one answer saved": saver(port, stage, cookies, "a" * 32),
        }
        times: dict[str, list[float]] = {name: [] for name in acts}
        for turn in range(WARMING + ROUNDS):
            for name, act in acts.items():
                start = time.perf_counter()
                act()
                if turn >= WARMING:
                    times[name].append(time.perf_counter() - start)
        held = memory(master)
    floor_time = statistics.median(times["F"])
    print(f"F: {floor_time * 1000:.2f} ms")
    for name, ceiling in CEILINGS.items():
        median = statistics.median(times[name])
        print(f"{name:22} {median * 1000:6.1f} ms = {median / floor_time:5.1f} F (at most {ceiling})")
    print(f"memory of the worker   {held:6} MiB (at most 160)")


if __name__ == "__main__":
    main()
