"""What référents are told by e-mail (N1): one message per change of status, no exception."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import neighbours
from dossiers.enums import Status
from dossiers.models import (
    Attachment,
    Dossier,
    DossierStage,
    Event,
    Export,
    LateAccess,
    ModificationRequest,
    Stage,
    Transmission,
    WindowChange,
)
from dossiers.steps import Following
from ecare import french
from notifications import outbox

VIEW = "Voir le dossier"
#: Who is told of what no référent can read, and when.
LEADS, WHEN = "les responsables d'instruction sont prévenus", "demain matin au plus tard"
#: The kind of an e-mail, its subject and its button.
Letter = tuple[str, str, str]
#: What a dossier tells its référent, whoever that was: the next one reads it too (N4). What names somebody who asks for
#: the dossier, or what staff write to each other, is for whom it was sent to.
TO_REFERENT = frozenset(
    {
        *("dossier_created", "dossier_transmitted", "dossier_modification_requested", "dossier_validated"),
        *("dossier_rejected", "dossier_reopened", "dossier_file_infected", "stage_started", "stage_called"),
        *("contact_corrected", "stage_open", "closing_moved", "late_access_granted", "late_access_revoked"),
        *("reminder_draft", "reminder_correction"),
        # Of `funding`.
        *("subsidy_granted", "agreement_ready", "agreement_accepted", "agreement_refused"),
        *("payment_paid", "control_opened", "control_closed", "subsidy_recomputed"),
    }
)


def contact_corrected(event: Event) -> None:
    post(event, "contact_corrected", "Un contact de votre dossier {reference} est corrigé", VIEW)


def created(event: Event) -> None:
    post(event, "dossier_created", "Votre dossier {reference} est créé", "Compléter le dossier")


def transmitted(event: Event, transmission: Transmission) -> None:
    post(
        event,
        "dossier_transmitted",
        "Votre dossier {reference} est transmis",
        VIEW,
        transmission=transmission,
        files=list(transmission.files.select_related("attachment")),
    )


MODIFICATION = (
    "dossier_modification_requested",
    "Modification demandée sur votre dossier {reference}",
    "Modifier le dossier",
)
REJECTION = ("dossier_rejected", "Votre dossier {reference} est rejeté", VIEW)


def modification_requested(event: Event, request: ModificationRequest) -> None:
    post(event, *MODIFICATION, request=request, remarks=request.remarks.count())


def validated(event: Event, following: Following | None) -> None:
    assert event.dossier_stage is not None
    assert event.dossier_stage.decided_at is not None
    letter, context = validation(event.dossier_stage, following, event.dossier_stage.decided_at)
    post(event, *letter, **context)


def validation(
    dossier_stage: DossierStage, following: Following | None, at: dt.datetime
) -> tuple[Letter, dict[str, Any]]:
    """What is written of a validation decided at `at`, with the étape that comes next, when there is one: to begin now,
    or later."""
    may_start = following is not None and following.may_start(at)
    button = f"Commencer l'étape {french.quoted(following.stage.title)}" if following and may_start else VIEW
    context = {
        "following": following,
        "may_start": may_start,
        "beside": neighbours.words(dossier_stage, Status.VALIDATED),
        "opens_later": bool(following and following.stage.opens_at and following.stage.opens_at > at),
    }
    return ("dossier_validated", "Votre dossier {reference} est validé", button), context


def rejected(event: Event) -> None:
    assert event.dossier_stage is not None
    post(event, *REJECTION, **rejection(event.dossier_stage))


def rejection(dossier_stage: DossierStage) -> dict[str, Any]:
    """What is written of a rejection, beside its reason."""
    return {"beside": neighbours.words(dossier_stage, Status.REJECTED)}


def preview(dossier_stage: DossierStage, letter: Letter, **context: Any) -> tuple[str, str]:
    """The subject and the text of an e-mail that is not written yet: what the référent would receive."""
    kind, subject, button = letter
    dossier = dossier_stage.dossier
    subject = subject.format(reference=dossier.reference)
    text, _ = outbox.render(
        kind=kind,
        subject=subject,
        context={**about(dossier), "stage": dossier_stage.stage, "dossier_stage": dossier_stage, **context},
        action=(button, outbox.absolute(reverse("dossiers:form", args=[dossier.reference]))),
        about=dossier.reference,
    )
    return subject, text


def reopened(event: Event) -> None:
    post(event, "dossier_reopened", "Votre dossier {reference} est de nouveau en instruction", VIEW)


def stage_started(event: Event) -> None:
    post(event, "stage_started", "Votre dossier {reference} passe à l'étape suivante", "Compléter l'étape")


def stage_called(event: Event) -> None:
    post(event, "stage_called", "Une étape est ouverte sur votre dossier {reference}", "Compléter l'étape")


def opening_key(stage: Stage) -> str:
    """Followed by the key of the dossier: one e-mail an étape and a dossier."""
    return f"stage-open-{stage.pk}-"


def stage_open(dossier_stage: DossierStage, stage: Stage) -> None:
    """The étape that follows `dossier_stage` may be begun."""
    write(
        dossier_stage.dossier,
        "stage_open",
        "Une étape s'ouvre pour votre dossier {reference}",
        f"Commencer l'étape {french.quoted(stage.title)}",
        key=f"{opening_key(stage)}{dossier_stage.dossier_id}",
        stage=stage,
    )


def extension_key(change: WindowChange) -> str:
    return f"window-{change.pk}-"


def closing_moved(dossier_stage: DossierStage, change: WindowChange) -> None:
    write(
        dossier_stage.dossier,
        "closing_moved",
        "Vous avez plus de temps pour votre dossier {reference}",
        "Compléter le dossier",
        key=f"{extension_key(change)}{dossier_stage.dossier_id}",
        stage=change.stage,
        change=change,
        dossier_stage=dossier_stage,
    )


def draft_reminder_key(day: dt.date, notice: int) -> str:
    """Followed by the key of the dossier: one e-mail a last day, a notice in days and a dossier."""
    return f"remind-draft-{day}-{notice}-"


def draft_reminder(dossier_stage: DossierStage, day: dt.date, notice: int) -> None:
    reminder(dossier_stage, "reminder_draft", draft_reminder_key(day, notice), "Votre dossier {reference}", day)


def correction_reminder_key(day: dt.date, notice: int) -> str:
    return f"remind-correction-{day}-{notice}-"


def correction_reminder(dossier_stage: DossierStage, day: dt.date, notice: int) -> None:
    key = correction_reminder_key(day, notice)
    reminder(dossier_stage, "reminder_correction", key, "La modification du dossier {reference}", day)


def reminder(dossier_stage: DossierStage, kind: str, key: str, what: str, day: dt.date) -> None:
    """`day` is the last one on which it may be transmitted."""
    write(
        dossier_stage.dossier,
        kind,
        f"{what} est à transmettre d'ici au {french.weekday(day)}",
        "Compléter le dossier" if kind == "reminder_draft" else "Modifier le dossier",
        key=f"{key}{dossier_stage.dossier_id}",
        stage=dossier_stage.stage,
        dossier_stage=dossier_stage,
    )


def late_access_granted(event: Event, late: LateAccess) -> None:
    post(event, "late_access_granted", "Un délai est accordé à votre dossier {reference}", VIEW, late=late)


def late_access_granted_before_dossier(late: LateAccess) -> None:
    """There is no dossier yet, hence no référent: those of the EJ are told."""
    for referent in accounts_queries.referents_of(late.legal_entity):
        outbox.post(
            kind="late_access_to_create",
            to=referent.email,
            subject=f"Un délai vous est accordé sur le guichet {french.quoted(late.stage.guichet.short_title)}",
            context={
                "recipient": referent,
                "legal_entity": late.legal_entity,
                "guichet": late.stage.guichet,
                "stage": late.stage,
                "late": late,
            },
            key=f"late-access-{late.pk}-{referent.pk}",
            action=("Créer un dossier", outbox.absolute(reverse("dossiers:create"))),
        )


def late_access_revoked(event: Event, late: LateAccess) -> None:
    post(event, "late_access_revoked", "Le délai accordé à votre dossier {reference} est retiré", VIEW, late=late)


def infected(event: Event, attachment: Attachment) -> None:
    post(
        event,
        "dossier_file_infected",
        "Un fichier de votre dossier {reference} contient un virus",
        "Remplacer le fichier",
        attachment=attachment,
    )


def export_ready(export: Export) -> None:
    """Told to whoever asked for it: the page where it waits, never the file (I7)."""
    outbox.post(
        kind="export_ready",
        to=export.owner.email,
        subject=f"Votre export de {export.noun.split(',')[1]} est prêt",
        context={"export": export, "recipient": export.owner},
        key=f"export-{export.pk}",
        action=("Télécharger l'export", outbox.absolute(reverse("dossiers:exports"))),
    )


def post(event: Event, kind: str, subject: str, button: str, *, to: User | None = None, **context: Any) -> None:
    """About what has just happened."""
    write(
        event.dossier,
        kind,
        subject,
        button,
        key=f"event-{event.pk}-{kind}",
        to=to,
        **{
            "stage": event.dossier_stage.stage if event.dossier_stage else None,
            "dossier_stage": event.dossier_stage,
            "event": event,
            **context,
        },
    )


def write(
    dossier: Dossier, kind: str, subject: str, button: str, *, key: str, to: User | None = None, **context: Any
) -> None:
    """One e-mail about a dossier, to its référent unless `to` says otherwise. To one who can no longer sign in, it is
    kept for the next, who reads it in the history of the dossier, and does not leave: see `queries.unread`."""
    recipient = to or dossier.referent
    path = reverse("dossiers:form", args=[dossier.reference])
    outbox.post(
        kind=kind,
        to=recipient.email,
        subject=subject.format(reference=dossier.reference),
        context={**about(dossier), "recipient": recipient, **context},
        key=key,
        action=(button, outbox.absolute(path)) if button else None,
        about=dossier.reference,
        is_kept_only=to is None and not dossier.has_referent,
    )


def reader(dossier: Dossier, what: str = "", *, with_address: bool = False) -> str:
    """Who is told of what is done on a dossier, in a French sentence without its full stop: the référent, with `what`
    in the e-mail, or those who replace him when he left (`workflow.vacancies.tell_unread`)."""
    referent = dossier.referent
    if dossier.has_referent:
        address = f" ({referent.email})" if with_address else ""
        return f"{referent.full_name}{address} reçoit un e-mail{what}"
    gone = "Le compte du référent est supprimé" if referent.deleted_at else f"{referent.full_name} n'est plus référent"
    return f"{gone}\u00a0: {LEADS} à sa place, {WHEN}"


def readers(dossiers: int, vacant: int, what: str = "") -> str:
    """The same of several dossiers, of which `vacant` have a référent who left: whole sentences."""
    who = "Le référent" if dossiers == 1 else "Chaque référent"
    told = [f"{who} reçoit un e-mail{what}."] if vacant < dossiers else []
    if vacant:
        whose = french.count(vacant, "dossier n'a plus de référent", "dossiers n'ont plus de référent")
        told.append(f"{whose}\u00a0: {LEADS} {WHEN}.")
    return " ".join(told)


def about(dossier: Dossier) -> dict[str, Any]:
    """What every e-mail about a dossier names."""
    return {
        "dossier": dossier,
        "guichet": dossier.guichet,
        "legal_entity": dossier.legal_entity,
        "recipient": dossier.referent,
    }
