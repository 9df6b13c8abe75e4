"""What this room knows of a person: see `accounts.composition`.

Answers are those of an establishment, and stay: the contacts that they name are part of what was asked of it. History
names accounts by their key, so that it stays readable and names nobody any more.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Func, JSONField, Q, QuerySet, Value
from django.urls import reverse
from django.utils import timezone

from accounts.composition import FormerIdentity, Matter
from accounts.models import DELETED, User
from dossiers import queries, search, workflow
from dossiers.models import Attachment, Dossier, DossierStage, Event, ParkedInput, TakeoverRequest, Transmission
from dossiers.workflow.table import locked
from establishments.models import LegalEntity
from notifications import outbox
from notifications.enums import FORGOTTEN


def open_matters(user: User, legal_entity: LegalEntity | None = None) -> list[Matter]:
    """The open dossiers of `user`; for one EJ, what was asked of it too."""
    held = DossierStage.objects.of_referent(user.pk).open()
    asked = TakeoverRequest.objects.pending().filter(asker=user)
    if legal_entity is None:
        asked = asked.none()  # gone with the account
    else:
        held, asked = held.filter(dossier__legal_entity=legal_entity), asked.filter(dossier__legal_entity=legal_entity)
    return [
        *(
            Matter(
                f"Dossier {each.dossier.reference}, {each.dossier.guichet.short_title}, "
                f"{each.dossier.legal_entity.label}\u00a0: {each.status_label}",
                f"Transférer le dossier {each.dossier.reference}",
                reverse("dossiers:successors", args=[each.dossier.reference]),
            )
            for each in held.select_related("dossier__guichet", "dossier__legal_entity").order_by("dossier__pk")
        ),
        *(
            Matter(
                f"Votre demande de reprise d'un dossier {each.dossier.guichet.short_title}",
                "Retirer la demande",
                reverse("dossiers:claims"),
            )
            for each in asked.select_related("dossier__guichet").order_by("pk")
        ),
    ]


def export(user: User) -> dict[str, Any]:
    passages = DossierStage.objects.of_referent(user.pk).select_related(
        "dossier__guichet", "dossier__legal_entity", "stage", "revision"
    )
    asked = TakeoverRequest.objects.filter(asker=user).select_related("dossier__guichet", "dossier__legal_entity")
    files = Attachment.objects.filter(uploaded_by=user).select_related("dossier_stage__dossier")
    return {
        "dossiers": [
            {
                "référence": each.dossier.reference,
                "guichet": each.dossier.guichet.title,
                "étape": each.stage.title,
                "établissement": each.dossier.legal_entity.label,
                "statut": each.status_label,
                "première transmission": each.first_transmitted_at,
                "réponses": _answers(each),
            }
            for each in passages.prefetch_related("answers").order_by("dossier__pk", "stage__position")
        ],
        "pièces déposées": [
            {"dossier": each.dossier_stage.dossier.reference, "nom": each.name, "le": each.uploaded_at}
            for each in files.order_by("pk")
        ],
        "actions sur les dossiers": [
            {
                "dossier": each.dossier.reference,
                "action": each.get_kind_display(),
                "le": each.at,
                "message": each.message,
            }
            for each in Event.objects.filter(actor=user).select_related("dossier").order_by("at", "pk")
        ],
        "demandes de reprise": [
            {
                "guichet": each.dossier.guichet.title,
                "établissement": each.dossier.legal_entity.label,
                "motif": each.reason,
                "le": each.at,
                "état": each.state_label,
            }
            for each in asked.order_by("pk")
        ],
        "absences": [{"du": each.first_day, "au": each.last_day} for each in user.absences.all()],
        "vues de la liste": [{"nom": each.name, "filtres": each.query} for each in user.saved_views.all()],
        "saisies mises de côté": [
            {"le": each.at, "saisie": each.answers} for each in ParkedInput.objects.filter(user=user).order_by("pk")
        ],
    }


def _answers(dossier_stage: DossierStage) -> list[dict[str, Any]]:
    given = {answer.code: answer.raw for answer in dossier_stage.answers.all()}
    labels = {question.code: question.label for question in queries.questions(dossier_stage.revision)}
    return [{"question": labels.get(code, code), "réponse": raw} for code, raw in given.items()]


def follow(user: User) -> None:
    """Dossiers are found by the name and the address of their référent."""
    for dossier_stage in DossierStage.objects.of_referent(user.pk).current().order_by("dossier"):
        dossier_stage = locked(dossier_stage)
        if dossier_stage.dossier.referent_id == user.pk:
            search.refresh(dossier_stage)


def forget(user: User, was: FormerIdentity) -> None:
    for request in TakeoverRequest.objects.pending().filter(asker=user).order_by("dossier_id"):
        workflow.takeovers.withdraw(request, by=user, at=timezone.now())
    ParkedInput.objects.filter(user=user).delete()
    user.absences.all().delete()
    user.saved_views.all().delete()
    # The one change that the database lets in what was transmitted: see the trigger.
    nobody = Func(
        F("applicant"),
        Value({"referent": DELETED, "referent_email": ""}, output_field=JSONField()),
        template="%(expressions)s",
        arg_joiner=" || ",
        output_field=JSONField(),
    )
    Transmission.objects.filter(by=user).update(applicant=nobody)
    follow(user)
    references = list(_lived(user).values_list("reference", flat=True))
    emails = dict.fromkeys((was.email, *was.former_emails), FORGOTTEN)
    outbox.rename(references, {was.full_name: DELETED, **emails})


def _lived(user: User) -> QuerySet[Dossier]:
    """The dossiers about which somebody may have been written to with the name of `user`."""
    own = Event.objects.filter(Q(actor=user) | Q(former=user) | Q(successor=user)).values("dossier")
    asked = TakeoverRequest.objects.filter(Q(asker=user) | Q(former=user)).values("dossier")
    return Dossier.objects.filter(Q(pk__in=own) | Q(pk__in=asked) | Q(referent=user))
