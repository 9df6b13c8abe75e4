"""Barèmes shipped as files: `fixtures/schedules/*.yaml`."""

from __future__ import annotations

import enum
from decimal import Decimal
from pathlib import Path

import yaml
from django.db import transaction

from funding.schedule import workflow
from funding.schedule.models import Schedule
from funding.schedule.terms import Bracket, Objective, Track


class Loaded(enum.Enum):
    CREATED = "créé"
    UNCHANGED = "déjà en place"


@transaction.atomic
def load(path: Path) -> tuple[Schedule, Loaded]:
    """Create and publish the version that a file describes, once.

    Raises workflow.Refused when the same version exists with another content: what is published no longer changes.
    """
    guichet_code, version, content = read(path)
    existing = Schedule.objects.filter(guichet_code=guichet_code, version=version).first()
    if existing is None:
        schedule = workflow.draft(guichet_code, version=version, content=content)
        return workflow.publish(schedule.pk), Loaded.CREATED
    if workflow.content_of(existing) != content:
        raise workflow.Refused(f"{path.name}\u00a0: {existing} existe avec un autre contenu. Donnez un autre numéro.")
    return existing, Loaded.UNCHANGED


def read(path: Path) -> tuple[str, int, workflow.Content]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    objectives = [
        Objective(str(track), one["code"], one["label"], one.get("mandatory", True), Decimal(str(one["share"])))
        for track, theirs in data.get("objectives", {}).items()
        for one in theirs
    ]
    content = workflow.Content(
        valid_from=data["valid_from"],
        tracks=tuple(Track(str(one["code"]), str(one["label"]), Decimal(str(one["amount"]))) for one in data["tracks"]),
        brackets=tuple(Bracket(one["first"], one["last"], Decimal(str(one["rate"]))) for one in data["brackets"]),
        objectives=tuple(sorted(objectives, key=lambda one: (one.track, not one.mandatory))),
    )
    return str(data["guichet"]), int(data["version"]), content
