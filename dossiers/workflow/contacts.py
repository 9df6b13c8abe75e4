"""The contacts of a transmitted étape, corrected by a responsable once its référent no longer may (D12, I8)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from dossiers import access, emails, kinds, queries
from dossiers.enums import EventKind, Status
from dossiers.kinds.contact import Contact, ContactForm
from dossiers.models import Answer, DossierStage, Event, Question
from dossiers.workflow.filling import write
from dossiers.workflow.moves import Changed
from dossiers.workflow.table import NotAllowed, Refused, locked, record


def contact_question(dossier_stage: DossierStage, code: str) -> Question | None:
    """The question of that code, if it asks for a contact."""
    asked = queries.questions(dossier_stage.revision)
    return next((each for each in asked if each.code == code and each.kind == Contact.code), None)


def correctable(dossier_stage: DossierStage, user: User) -> set[str]:
    """The codes of the contacts that `user` may correct now."""
    if not access.may_correct_contacts(user, dossier_stage):
        return set()
    asked = queries.questions(dossier_stage.revision)
    return {each.code for each in asked if each.kind == Contact.code and not is_open(dossier_stage, each)}


def is_open(dossier_stage: DossierStage, question: Question) -> bool:
    """Whether this contact is left to the référent, whom a modification was asked of, as that of the signatory: what he
    writes there is read by nobody before he transmits it (D11)."""
    return dossier_stage.status == Status.MODIFICATION_REQUESTED and not question.frozen_after_transmission


@transaction.atomic
def correct(
    dossier_stage: DossierStage, code: str, *, by: User, raw: kinds.Raw, read: str, reason: str, at: dt.datetime
) -> Event:
    """Write a contact again as `raw`, which was read as the digest `read`. What was transmitted stays as it was sent;
    history says what changed and why, and the référent is told.

    From then on the contact in force is what screens and exports give, since people write to it; the PDF of the dossier
    keeps what was transmitted, with the correction beside, its date and its reason; receipts never change.

    Raises NotAllowed unless `by` is a responsable and the étape was transmitted, Changed when it was corrected
    meanwhile, Refused without a reason, without a change, when `raw` is no contact, while it is left to the référent.
    """
    dossier_stage = locked(dossier_stage)
    question = contact_question(dossier_stage, code)
    if question is None or not access.may_correct_contacts(by, dossier_stage):
        raise NotAllowed("Vous ne pouvez pas corriger ce contact.")
    if is_open(dossier_stage, question):
        raise Refused(
            "Une modification est demandée\u00a0: ce contact revient au référent jusqu'à ce qu'il transmette à nouveau "
            "son dossier. Vous pourrez le corriger ensuite."
        )
    answer = dossier_stage.answers.filter(code=code).first()
    current: kinds.Raw = answer.raw if answer else {}
    if kinds.digest(current) != read:
        raise Changed("Ce contact a été corrigé depuis que vous avez ouvert cette page\u00a0: relisez-le.")
    if not reason.strip():
        raise Refused("Indiquez le motif de la correction\u00a0: le référent le lira.")
    value = kinds.of(question).clean(question, raw, kinds.Context(dossier_stage.dossier.legal_entity))
    if value is None:
        raise Refused("Ce contact n'est pas complet\u00a0: renseignez toutes ses coordonnées.")
    before = (answer.value if answer else None) or {}
    changed = [str(field.label) for name, field in ContactForm.base_fields.items() if value[name] != before.get(name)]
    if not changed:
        raise Refused("Rien n'est changé\u00a0: corrigez au moins une coordonnée.")
    write(dossier_stage, [Answer(dossier_stage=dossier_stage, code=code, raw=raw, value=value, updated_at=at)])
    fields = ", ".join(changed).lower()
    message = f"{question.short_label}\u00a0: {fields}.\n\n{reason.strip()}"
    event = record(dossier_stage, EventKind.CONTACT_CORRECTED, by=by, message=message, code=code)
    emails.contact_corrected(event)
    return event
