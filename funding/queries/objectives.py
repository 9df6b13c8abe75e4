"""The objectives of a dossier, as presented and as decided (F5)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, JSONObject

from dossiers import queries
from dossiers.enums import StageEntry, StageKind
from dossiers.models import Attachment, DossierStage, Transmission, TransmittedFile
from dossiers.sheet import Sheet
from funding import objectives
from funding.models import Grant, ObjectiveDecision, ObjectiveShare
from funding.objectives import Decision, Objectives
from funding.schedule.terms import Objective


@dataclass(frozen=True)
class Basis:
    """What the objectives of an étape stand on: the barème and the parcours that the application was transmitted with,
    which never change afterwards; and what was decided."""

    track: str
    track_label: str
    #: The question of the parcours, in the form of the application.
    track_question: str
    granted: Decimal | None
    objectives: Sequence[Objective]
    decisions: Mapping[str, Decision]


def has_objectives(dossier_stage: DossierStage) -> bool:
    """Whether an étape is about objectives; its dossier may still have none."""
    return dossier_stage.stage.kind == StageKind.OBJECTIVES


def has_shares(grant: Grant) -> bool:
    """Whether the barème of a subsidy pays its parcours by objectives, and not as a whole (Q&A 3.5): 1 query."""
    shares = ObjectiveShare.objects.filter(schedule=OuterRef("schedule"), track=OuterRef("track"))
    applied = Transmission.objects.filter(pk=grant.transmission_id).annotate(track=KT("estimate__track"))
    return applied.filter(Exists(shares)).exists()


def bases(stages: Iterable[DossierStage]) -> dict[int, Basis]:
    """By key, the étapes about objectives whose parcours has some: 1 query, none when no étape is of that kind."""
    wanted = [each.pk for each in stages if has_objectives(each)]
    rows: Iterable[Any] = gathered(wanted) if wanted else ()
    return {row.pk: basis_of(row) for row in rows if row.shares}


def gathered(wanted: Sequence[int]) -> QuerySet[DossierStage]:
    """Étapes with all that a basis is made of. JSON has no exact decimals: they travel as text."""
    applied = Transmission.objects.filter(
        dossier_stage__dossier=OuterRef("dossier"), dossier_stage__stage__entry=StageEntry.START, schedule__isnull=False
    ).order_by("-number")
    shares = ObjectiveShare.objects.filter(schedule=OuterRef("applied_schedule"), track=OuterRef("applied_track"))
    decisions = ObjectiveDecision.objects.filter(dossier_stage=OuterRef("pk"))
    return (
        DossierStage.objects.filter(pk__in=wanted)
        .only("pk")
        .annotate(
            granted=Subquery(Grant.objects.filter(dossier=OuterRef("dossier")).values("ceiling")),
            applied_schedule=Subquery(applied.values("schedule")[:1]),
            applied_track=Subquery(applied.values(track=KT("estimate__track"))[:1]),
            applied_label=Subquery(applied.values(label=KT("estimate__track_label"))[:1]),
            asked_as=Subquery(applied.values("dossier_stage__revision__track_question")[:1]),
        )
        .annotate(
            shares=ArraySubquery(
                shares.values(
                    json=JSONObject(code="code", label="label", mandatory="mandatory", share=Cast("share", TextField()))
                )
            ),
            decided=ArraySubquery(
                decisions.values(
                    json=JSONObject(
                        code="code",
                        state="state",
                        reason="reason",
                        seen="seen",
                        version="version",
                        by_id="decided_by_id",
                        first_name="decided_by__first_name",
                        last_name="decided_by__last_name",
                        at="decided_at",
                    )
                )
            ),
        )
    )


def basis_of(row: Any) -> Basis:
    """The basis that a row of `gathered` holds."""
    return Basis(
        row.applied_track,
        row.applied_label,
        row.asked_as,
        row.granted,
        [
            Objective(row.applied_track, each["code"], each["label"], each["mandatory"], Decimal(each["share"]))
            for each in row.shares
        ],
        {
            each["code"]: Decision(
                each["state"],
                each["reason"],
                each["seen"],
                each["version"],
                each["by_id"],
                f"{each['first_name']} {each['last_name']}",
                dt.datetime.fromisoformat(each["at"]),
            )
            for each in row.decided
        },
    )


def of_stages(stages: Iterable[DossierStage]) -> dict[int, Objectives]:
    """The objectives that étapes presented when last transmitted, by key of étape; those without any are left out.
    3 queries, whatever their number; none when no étape is of that kind."""
    by_pk = {each.pk: each for each in stages if each.first_transmitted_at is not None}
    known = bases(by_pk.values())
    if not known:
        return {}
    last = Transmission.objects.filter(dossier_stage__in=known).order_by("dossier_stage_id", "-number")
    transmissions = list(last.distinct("dossier_stage_id").select_related("dossier_stage__revision"))
    files: defaultdict[int, list[Attachment]] = defaultdict(list)
    sent = TransmittedFile.objects.filter(transmission__in=[each.pk for each in transmissions])
    for link in sent.select_related("attachment").order_by("position"):
        files[link.transmission_id].append(link.attachment)
    return {
        each.dossier_stage_id: assembled(
            known[each.dossier_stage_id], each.dossier_stage, each.answers, files[each.pk], number=each.number
        )
        for each in transmissions
    }


def of_stage(dossier_stage: DossierStage) -> Objectives | None:
    """The objectives of one étape: see `of_stages`."""
    return of_stages([dossier_stage]).get(dossier_stage.pk)


def of_transmission(transmission: Transmission, files: Iterable[Attachment]) -> Objectives | None:
    """The objectives that a transmission presents, once it was read with its étape and `files`: 1 query."""
    dossier_stage = transmission.dossier_stage
    basis = bases([dossier_stage]).get(dossier_stage.pk)
    return assembled(basis, dossier_stage, transmission.answers, files, number=transmission.number) if basis else None


def of_sheet(sheet: Sheet) -> Objectives | None:
    """The objectives that a form being filled presents, none of them decided: 1 query."""
    basis = bases([sheet.dossier_stage]).get(sheet.dossier_stage.pk)
    if basis is None:
        return None
    answers = {entry.code: entry.value for entry in sheet.shown}
    files = [file for entry in sheet.shown for file in entry.files]
    return assembled(replace(basis, decisions={}), sheet.dossier_stage, answers, files)


def assembled(
    basis: Basis,
    dossier_stage: DossierStage,
    answers: Mapping[str, Any],
    files: Iterable[Attachment],
    *,
    number: int = 0,
) -> Objectives:
    by_slot: defaultdict[str, list[Attachment]] = defaultdict(list)
    for file in files:
        by_slot[file.code].append(file)
    questions = queries.questions(dossier_stage.revision)
    replies = objectives.replies(basis.objectives, questions, answers, by_slot)
    said = (answers.get(basis.track_question) or {}).get("choice", basis.track)
    labels = {
        choice["value"]: choice["label"]
        for each in questions
        if each.code == basis.track_question
        for choice in each.options.get("choices", ())
    }
    return Objectives(
        basis.track_label,
        basis.granted,
        objectives.rows(replies, basis.granted, basis.decisions),
        number,
        other_track="" if said == basis.track else labels.get(said, said),
    )
