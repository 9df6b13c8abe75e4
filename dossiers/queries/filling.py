"""What a référent is filling: the sheet, what was put aside, what is asked of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.models import User
from dossiers.enums import EventKind, StageEntry, Status
from dossiers.models import (
    Answer,
    Attachment,
    DossierStage,
    Event,
    ModificationRequest,
    ParkedInput,
    Question,
    Remark,
    Section,
    TemplateFile,
)
from dossiers.queries.forms import sections
from dossiers.sheet import Correction, Sheet
from ecare.composed import Composed
from funding.schedule import queries as schedule_queries
from funding.schedule.terms import Terms


def parked(dossier_stage: DossierStage, user: User) -> dict[str, dict[str, Any]]:
    """What `user` had typed and was put aside, by question code, as `{"raw": …, "base": …}`."""
    row = ParkedInput.objects.filter(user=user, dossier_stage=dossier_stage).values_list("answers", flat=True).first()
    return row or {}


def pending_request(dossier_stage: DossierStage) -> ModificationRequest | None:
    """The modification that the référent has to make, with its remarks as `said`: 1 query; none outside that status."""
    if dossier_stage.status != Status.MODIFICATION_REQUESTED:
        return None
    remarks = Remark.objects.filter(request=OuterRef("pk")).values(json=JSONObject(code="code", text="text"))
    requests = dossier_stage.modification_requests.annotate(said=ArraySubquery(remarks))
    return requests.filter(answered_at__isnull=True).first()


def call_message(dossier_stage: DossierStage) -> str:
    """What the instruction asked when it opened an étape on request: 1 query; none for the other étapes."""
    if dossier_stage.stage.entry != StageEntry.ON_REQUEST:
        return ""
    events = dossier_stage.events.filter(kind=EventKind.STAGE_STARTED)
    return events.values_list("message", flat=True).first() or ""


# Read at every page of a form (docs/adr/0030).
ANSWERS = Composed(
    lambda dossier_stage: Answer.objects.filter(dossier_stage=dossier_stage).order_by(), dossier_stage=-1
)
FILES = Composed(
    lambda dossier_stage, since: Attachment.objects.filter(
        Q(archived_at__isnull=True) | Q(archived_at__gt=since), dossier_stage=dossier_stage
    ),
    dossier_stage=-1,
    since=dt.datetime(1, 1, 1, tzinfo=dt.UTC),
)


def sheet(
    dossier_stage: DossierStage, *, on: dt.datetime | None = None, request: ModificationRequest | None = None
) -> Sheet:
    """The form as the référent is filling it: at most 5 queries, whatever the number of questions and files.

    `on` is the instant whose barème applies, now by default. With the pending `request`, only what it opens can be
    changed.
    """
    form = sections(dossier_stage.revision)
    answers = ANSWERS.rows(dossier_stage=dossier_stage.pk)
    since = request.at if request else timezone.now()
    files = FILES.rows(dossier_stage=dossier_stage.pk, since=since)
    correction = None
    if request is not None:
        changed = {answer.code for answer in answers if answer.updated_at > request.at}
        changed |= {file.code for file in files if file.archived_at or file.uploaded_at > request.at}
        correction = Correction(
            at=request.at,
            opens_everything=request.opens_everything,
            remarks={remark["code"]: remark["text"] for remark in request.said},  # type: ignore[attr-defined]
            changed=frozenset(changed),
        )
    return Sheet(
        dossier_stage,
        form,
        answers={answer.code: (answer.raw, answer.value) for answer in answers},
        files=[file for file in files if file.archived_at is None],
        correction=correction,
        terms=terms(dossier_stage, on or timezone.now()),
        template_files=template_files(form),
    )


def template_files(form: list[tuple[Section, list[Question]]]) -> dict[int, TemplateFile]:
    """The models that a form offers to download: 1 query when there are some. They change while a form does not."""
    wanted = {each.template_file_id for _, asked in form for each in asked if each.template_file_id}
    return TemplateFile.objects.in_bulk(wanted) if wanted else {}


def gathered(key: int) -> Any:
    """The étape of that key with all that its form holds, each as a list of JSON objects."""
    pending = ModificationRequest.objects.filter(dossier_stage=OuterRef("pk"), answered_at__isnull=True)
    remarks = Remark.objects.filter(request__dossier_stage=OuterRef("pk"), request__answered_at__isnull=True)
    files = Attachment.objects.filter(dossier_stage=OuterRef("pk"))
    answers = Answer.objects.filter(dossier_stage=OuterRef("pk"))
    return (
        DossierStage.objects.filter(pk=key)
        .only("pk")
        .annotate(
            said=ArraySubquery(answers.values(json=JSONObject(code="code", raw="raw", value="value", at="updated_at"))),
            kept=ArraySubquery(
                files.values(json=JSONObject(code="code", scan="scan", at="uploaded_at", archived="archived_at"))
            ),
            asked=ArraySubquery(pending.values(json=JSONObject(at="at", everything="opens_everything"))),
            remarks=ArraySubquery(remarks.values(json=JSONObject(code="code", text="text"))),
        )
    )


# Read at every answer that somebody types (Q73).
GATHERED = Composed(gathered, key=-1)


def standing(dossier_stage: DossierStage) -> Sheet:
    """The form as it stands, to save one answer: 1 query. No barème; of its files, only their number."""
    row: Any = GATHERED.first(key=dossier_stage.pk)
    correction = None
    if row.asked:
        [asked] = row.asked
        at = dt.datetime.fromisoformat(asked["at"])
        moments = [
            (each["code"], each[name])
            for each in (*row.said, *row.kept)
            for name in ("at", "archived")
            if each.get(name)
        ]
        correction = Correction(
            at=at,
            opens_everything=asked["everything"],
            remarks={each["code"]: each["text"] for each in row.remarks},
            changed=frozenset(code for code, text in moments if dt.datetime.fromisoformat(text) > at),
        )
    raw: Any = Answer._meta.get_field("raw")
    value: Any = Answer._meta.get_field("value")
    return Sheet(
        dossier_stage,
        sections(dossier_stage.revision),
        answers={each["code"]: (raw.opened(each["raw"]), value.opened(each["value"])) for each in row.said},
        files=[Attachment(code=each["code"], scan=each["scan"]) for each in row.kept if not each["archived"]],
        correction=correction,
    )


def terms(dossier_stage: DossierStage, on: dt.datetime) -> Terms | None:
    """The barème in force for an étape that carries a subsidy, else None."""
    if not dossier_stage.revision.track_question:
        return None
    return schedule_queries.current(dossier_stage.dossier.guichet.code, on=timezone.localdate(on))


def form_change(dossier_stage: DossierStage) -> Event | None:
    """The last time the form of a draft changed under its référent: 1 query, none for a first form."""
    if dossier_stage.status != Status.DRAFT or dossier_stage.revision.number == 1:
        return None
    return dossier_stage.events.filter(kind=EventKind.FORM_CHANGED).order_by("-at", "-pk").first()
