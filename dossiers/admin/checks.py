"""What prevents a guichet or a form from being published, each sentence beside what it is about (G4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dossiers import descriptions, flaws
from dossiers.models import FormRevision, Guichet, Question, Stage


@dataclass(frozen=True)
class Flaw:
    """A sentence, and the question it is about when there is one."""

    text: str
    question: Question | None = None


def of_form(form: descriptions.Form, questions: Mapping[str, Question]) -> list[Flaw]:
    """The flaws of a form, for the page that edits it: the same ones as for a file."""
    found = []
    for sentence in flaws.of_form(form):
        code, *rest = re.split(r"[ \u00a0]: ", sentence, maxsplit=1)
        question = questions.get(code) if rest else None
        text = rest[0] if question else sentence
        found.append(Flaw(f"{text[0].upper()}{text[1:]}.", question))
    return found


def of_guichet(guichet: Guichet, stages: list[Stage], published: Mapping[int, FormRevision]) -> list[Flaw]:
    """What an administrator should look at before a guichet opens."""
    found = []
    if not stages:
        found.append("Ce guichet n'a aucune étape\u00a0: ajoutez-en une.")
    if stages and not any(stage.entry == "start" for stage in stages):
        found.append("Aucune étape ne commence à la création du dossier\u00a0: personne ne pourra candidater.")
    for stage in stages:
        if stage.opens_at and stage.closes_at and stage.closes_at <= stage.opens_at:
            found.append(f"«\u00a0{stage.title}\u00a0»\u00a0: la fermeture précède l'ouverture.")
        if stage.pk not in published:
            found.append(f"«\u00a0{stage.title}\u00a0»\u00a0: cette étape n'a pas de formulaire publié.")
    return [Flaw(sentence) for sentence in found]
