"""The POC as shipped, for tests: loaded by its loaders the first time, copied row for row afterwards.

Most tests begin by it, and loading it takes as long as the rest of a test.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState
from django.utils import timezone

from dossiers import catalog
from dossiers.catalog.loading import template_file
from dossiers.models import FormRevision, Guichet, Question, Section, Stage
from funding.schedule import fixtures as schedules
from funding.schedule.models import Bracket, ObjectiveShare, Schedule, UnitAmount

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
MODELS = FIXTURES / "guichets" / "modeles"
CODE = "poc-essms"
#: The blank model that its form offers.
BLANK = {
    "code": "poc-essms-cadre-de-reponse",
    "title": "Cadre de réponse à compléter",
    "file": "cadre-de-reponse-poc-essms.docx",
}

_guichet: list[list[Model]] = []
_schedule: list[list[Model]] = []


@transaction.atomic
def poc() -> None:
    """Write the guichet and its étapes, of which there is nothing yet; its barème where there is none."""
    file = template_file(BLANK, MODELS)
    if _guichet:
        plant(_guichet, {(type(file), each.template_file_id): file.pk for each in blanks()})
    else:
        catalog.load(FIXTURES / "guichets" / "1-poc-essms.yaml")
        _guichet.extend(
            read(
                Guichet.objects.filter(code=CODE),
                Stage.objects.filter(guichet__code=CODE),
                FormRevision.objects.filter(stage__guichet__code=CODE),
                Section.objects.filter(revision__stage__guichet__code=CODE),
                Question.objects.filter(revision__stage__guichet__code=CODE),
            )
        )
    if Schedule.objects.filter(guichet_code=CODE).exists():
        return
    if _schedule:
        plant(_schedule, {})
    else:
        schedules.load(FIXTURES / "schedules" / "poc-essms.yaml")
        _schedule.extend(
            read(
                Schedule.objects.filter(guichet_code=CODE),
                *(each.objects.filter(schedule__guichet_code=CODE) for each in (UnitAmount, Bracket, ObjectiveShare)),
            )
        )


def blanks() -> list[Any]:
    return [each for each in _guichet[-1] if each.template_file_id is not None]  # type: ignore[attr-defined]


def read(*found: QuerySet[Any]) -> list[list[Model]]:
    return [list(rows.order_by("pk")) for rows in found]


def plant(known: list[list[Model]], keys: dict[tuple[type[Model], Any], Any]) -> None:
    """Write copies of these rows, in an order that keys allow; `keys` are those of rows that are there already. What is
    frozen once published is published last, as by the loaders."""
    published: list[list[Model]] = []
    for rows in known:
        model = type(rows[0])
        made = [copied(row, keys) for row in rows]
        if hasattr(rows[0], "published_at"):
            published.append(made)
        model._base_manager.bulk_create(made)
        keys |= {(model, row.pk): new.pk for row, new in zip(rows, made, strict=True)}
    for made in published:
        type(made[0])._base_manager.filter(pk__in=[each.pk for each in made]).update(published_at=timezone.now())


def copied(row: Model, keys: dict[tuple[type[Model], Any], Any]) -> Model:
    """A row to insert that says the same, of the same rows' copies."""
    new = copy.copy(row)
    new._state = ModelState()
    new.pk = None
    if hasattr(new, "published_at"):
        new.published_at = None
    for field in row._meta.concrete_fields:
        if field.related_model and (key := getattr(row, field.attname)) is not None:
            setattr(new, field.attname, keys[field.related_model, key])
    return new
