"""What this room knows of a person: see `accounts.composition`."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from accounts import lockout, queries, workflow
from accounts.browsers import KnownBrowser
from accounts.composition import FormerIdentity, Matter
from accounts.devices import EmailCode
from accounts.email_changes import EmailChange
from accounts.factors import Authenticator, RecoveryCodes
from accounts.models import DELETED, Representation, TermsAcceptance, User
from accounts.passkeys import Passkey
from accounts.sessions import Session
from establishments.models import LegalEntity
from notifications import outbox
from notifications.models import Email

# What lets somebody in, or remembers them: worth nothing without the person.
OF_THE_PERSON = (Session, EmailCode, Authenticator, Passkey, RecoveryCodes, KnownBrowser, Representation)


def open_matters(user: User, legal_entity: LegalEntity | None = None) -> list[Matter]:
    return []


def export(user: User) -> dict[str, Any]:
    own = queries.own_factors(user)
    return {
        "compte": {
            "civilité": user.get_civility_display(),
            "prénom": user.first_name,
            "nom": user.last_name,
            "nom d'utilisateur": user.username,
            "adresse e-mail": user.email,
            "téléphone": str(user.phone),
            "rôle": user.get_role_display(),
            "créé le": user.created_at,
            "activé le": user.activated_at,
            "dernière connexion": user.last_login,
            "récapitulatif quotidien": user.get_digest_display() if user.is_instructor else None,
            "raccourcis clavier": user.shortcuts if user.is_instructor else None,
        },
        "établissements": [
            {
                "FINESS": each.legal_entity.finess,
                "raison sociale": each.legal_entity.display_name,
                "type": each.get_establishment_type_display(),
                "ajouté le": each.created_at,
            }
            for each in queries.establishments_of(user)
        ],
        "conditions acceptées": [
            {"version": each.version.number, "le": each.accepted_at}
            for each in user.terms_acceptances.select_related("version")
        ],
        "sessions ouvertes": [
            {"navigateur": each.browser, "ouverte le": each.opened_at, "dernière activité": each.last_seen_at}
            for each in queries.sessions_of(user)
        ],
        "navigateurs connus": list(user.known_browsers.values("first_seen_at", "last_seen_at")),
        "seconds facteurs": [
            *(app.name for app in own.authenticators),
            *(passkey.name for passkey in own.passkeys),
        ],
        "e-mails reçus": [
            {"objet": each.subject, "écrit le": each.created_at, "envoyé le": each.sent_at} for each in _letters(user)
        ],
        "changements d'adresse e-mail": [
            {
                "ancienne": each.former_email,
                "nouvelle": each.new_email,
                "demandé le": each.asked_at,
                "fait le": each.applied_at,
            }
            for each in user.email_changes.order_by("asked_at", "pk")
        ],
    }


def _letters(user: User) -> QuerySet[Email]:
    """What was written to `user`, at each of their addresses while it was theirs: it may have been, or have become,
    that of somebody else."""
    theirs, since = Q(), user.created_at
    for change in EmailChange.objects.applied().filter(user=user):
        theirs |= Q(to__iexact=change.former_email, created_at__range=(since, change.applied_at))
        since = change.asked_at
    return Email.objects.filter(theirs | Q(to__iexact=user.email, created_at__gte=since)).order_by("pk")


def follow(user: User) -> None:
    """The row of the account says it all here."""


def forget(user: User, was: FormerIdentity) -> None:
    _forget_in_admin_history(user)
    outbox.forget(was.email)
    for change in user.email_changes.all():
        if change.applied_at is None:
            workflow.drop_email_change(user)
        else:
            outbox.forget(change.former_email, until=change.applied_at)
            change.delete()
    lockout.forget(was.username, was.email, *was.former_emails)
    for model in OF_THE_PERSON:
        owner = "account" if model is Session else "user"
        model.objects.filter(**{owner: user}).delete()


def _forget_in_admin_history(user: User) -> None:
    """Django's history of the admin calls what was changed by its name."""
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    for model in (Representation, TermsAcceptance, EmailCode):
        keys = [str(pk) for pk in model.objects.filter(user=user).values_list("pk", flat=True)]
        about |= Q(content_type=ContentType.objects.get_for_model(model), object_id__in=keys)
    LogEntry.objects.filter(about).update(object_repr=DELETED, change_message="")
