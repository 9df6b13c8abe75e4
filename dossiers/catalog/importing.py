"""What importing a file would do, told before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dossiers.catalog.loading import guichet_fields, stage_fields
from dossiers.days import closing, opening
from dossiers.descriptions import describe, normal
from dossiers.models import Guichet, Stage
from dossiers.queries import newest_revision
from dossiers.workflow import revisions


@dataclass(frozen=True)
class Plan:
    """The effect of a file: sentences in French, in the order of the guichet."""

    title: str
    is_new: bool
    changes: list[str] = field(default_factory=list)


def plan(data: dict[str, Any]) -> Plan:
    """What `apply` would write of the guichet that `read` gave, asked by an administrator."""
    guichet = Guichet.objects.filter(code=data["code"]).first()
    sentences: list[str] = []
    if guichet is not None:
        sentences += [f"{name}\u00a0: modifié" for name in changed(guichet, guichet_fields(data))]
    known = {stage.code: stage for stage in guichet.stages.all()} if guichet else {}
    for number, stage_data in enumerate(data["stages"], start=1):
        where = f"Étape «\u00a0{stage_data['title']}\u00a0»"
        stage = known.get(stage_data["code"])
        if stage is None:
            sentences.append(f"{where}\u00a0: créée")
        sentences += [f"{where}, {sentence}" for sentence in stage_changes(stage, stage_data, number)]
    described = {stage_data["code"] for stage_data in data["stages"]}
    sentences += [
        f"Étape «\u00a0{stage.title}\u00a0»\u00a0: absente du fichier, conservée telle quelle"
        for code, stage in known.items()
        if code not in described
    ]
    return Plan(data["title"], guichet is None, sentences)


def stage_changes(stage: Stage | None, data: dict[str, Any], number: int) -> Iterator[str]:
    if stage is not None:
        for name in changed(stage, stage_fields(data, number)):
            yield f"{name}\u00a0: modifié"
        if (stage.opens_at, stage.closes_at) != (opening(data.get("opens")), closing(data.get("closes"))):
            yield "dates\u00a0: conservées, elles se changent sur la page de l'étape"
    if "form" not in data:
        return
    newest = newest_revision(stage) if stage is not None else None
    if newest is None:
        yield "formulaire\u00a0: publié"
        return
    before, after = describe(newest), normal(data["form"])
    if before != after:
        yield f"formulaire\u00a0: une nouvelle révision est publiée ({revisions.changes(before, after)})"
        if stage is not None and stage.revisions.filter(published_at__isnull=True).exists():
            yield "brouillon du formulaire\u00a0: conservé tel quel"


def changed(part: Guichet | Stage, fields: dict[str, Any]) -> Iterator[str]:
    """The French names of the fields that a file would set otherwise."""
    for name, value in fields.items():
        if getattr(part, name) != value:
            yield str(part._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
