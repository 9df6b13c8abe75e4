"""What a new installation shows: one account a role, one dossier a status, guichets open today (S3, G6).

Everything is done as people would do it, by the functions of each `workflow`: nothing here can make a state that the
portal itself could not. Only the windows of the guichets are set directly, since time is what they stand for.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts import workflow as accounts_workflow
from accounts.enums import Role
from accounts.models import User
from accounts.workflow import Identity
from dossiers import catalog
from dossiers.demo import applications, hospitals, texts
from dossiers.demo.cast import CLAIM, CLAIMANT, LEFT, PASSWORD, PEOPLE, PLANS, Person
from dossiers.models import Milestone, Stage
from dossiers.workflow import takeovers, tallies, vacancies
from ecare import french
from establishments.models import LegalEntity, Region
from notifications import delivery
from notifications.models import Email

GUICHET, STAGE = "poc-essms", "candidature"
DAYS_LEFT = 30
#: Étapes that the files leave without an opening, and that the demonstration opens today, for so many days where they
#: have no closing either.
OPENED = {
    (GUICHET, "objectifs"): 90,
    ("care-d1", "controle"): 60,
    ("hospiconnect-maturite", "autoevaluation"): 60,
}


class Impossible(Exception):
    """The database holds nothing to build on; the message, in French, says what to load first."""


def exists() -> bool:
    """Whether the demonstration was already loaded in this database."""
    return User.objects.with_username(PEOPLE[0].username).exists()


@transaction.atomic
def load() -> None:
    """Fill the database, all or nothing: windows, accounts, dossiers. Raises Impossible.

    Call it once: `exists()` tells.
    """
    if User.objects.exists():
        raise Impossible(
            "Cette base a déjà des comptes : la démonstration, qui déplace les dates des guichets et dont le mot "
            "de passe est public, ne se charge que dans une base sans compte."
        )
    stage = Stage.objects.filter(guichet__code=GUICHET, code=STAGE).select_related("guichet").first()
    if stage is None or accounts_queries.terms_in_force() is None:
        raise Impossible("Les guichets ou les CGU manquent : lancez d'abord « manage.py prepare ».")
    entities = legal_entities()
    today = timezone.localdate()
    shift_windows(stage, today=today)
    open_windows(today=today)
    people = {person.username: create_account(person, entities) for person in (*PEOPLE, LEFT)}
    verifier = next(user for user in people.values() if user.role == Role.VERIFIER)
    texts.write(by=next(user for user in people.values() if user.role == Role.LEAD))
    administrator = next(user for user in people.values() if user.role == Role.ADMIN)
    for number, plan in enumerate(PLANS):
        applications.create(plan, number, stage, referent=people[plan.referent], verifier=verifier, entities=entities)
    hospitals.create(people, entities, verifier=verifier, administrator=administrator)
    leave(people[LEFT.username], colleague=people[CLAIMANT])
    put_emails_away(people)
    tallies.refresh(timezone.now())


def legal_entities() -> dict[str, LegalEntity]:
    """The EJ of the accounts and dossiers, by number. Raises Impossible when some are not loaded."""
    wanted = {finess for person in (*PEOPLE, LEFT) for finess in person.entities}
    found = {entity.finess: entity for entity in LegalEntity.objects.active().filter(finess__in=wanted)}
    if missing := sorted(wanted - set(found)):
        raise Impossible(
            f"Ces établissements manquent : {', '.join(missing)}. Lancez d'abord « manage.py load_reference »."
        )
    return found


# Windows


def shift_windows(stage: Stage, *, today: dt.date) -> None:
    """Move every window and every announced milestone by the same number of days, so that `stage` closes at the end of
    the thirtieth day from `today` (G6). The files in fixtures/ keep the real dates."""
    if stage.closes_at is None:
        return
    last_day = timezone.localdate(french.last_instant(stage.closes_at))
    days = dt.timedelta(days=DAYS_LEFT) + (today - last_day)
    for each in Stage.objects.all():
        each.opens_at, each.closes_at = shifted(each.opens_at, days), shifted(each.closes_at, days)
        each.save(update_fields=["opens_at", "closes_at"])
    for milestone in Milestone.objects.all():
        milestone.on += days
        milestone.save(update_fields=["on"])
    stage.refresh_from_db(fields=["opens_at", "closes_at"])


def shifted(at: dt.datetime | None, days: dt.timedelta) -> dt.datetime | None:
    """The same time of day in Paris, so many days later: midnight stays midnight across a change of clocks."""
    if at is None:
        return None
    local = timezone.localtime(at)
    return timezone.make_aware(dt.datetime.combine(local.date() + days, local.time()))


def open_windows(*, today: dt.date) -> None:
    """Open the étapes of `OPENED`."""
    for (guichet, code), days in OPENED.items():
        stage = Stage.objects.get(guichet__code=guichet, code=code)
        stage.opens_at = catalog.opening(today)
        stage.closes_at = stage.closes_at or catalog.closing(today + dt.timedelta(days=days))
        stage.save(update_fields=["opens_at", "closes_at"])


# Accounts


def create_account(person: Person, entities: dict[str, LegalEntity]) -> User:
    user = register(person, entities) if person.role == Role.REFERENT else employ(person)
    terms = accounts_queries.terms_in_force()
    if person.accepts_terms and terms is not None:
        accounts_workflow.accept_terms(terms, by=user)
    return user


def register(person: Person, entities: dict[str, LegalEntity]) -> User:
    """A référent registers, follows the link received, then adds other establishments."""
    identity = Identity(
        public_id=uuid.uuid4(),
        username=person.username,
        email=person.email,
        civility=person.civility,
        first_name=person.first_name,
        last_name=person.last_name,
        phone="+33101010101",
    )
    first, *others = (entities[finess] for finess in person.entities)
    accounts_workflow.register(
        identity,
        password_hash=make_password(PASSWORD),
        legal_entity=first,
        establishment_type=person.kind,
    )
    user = User.objects.get(public_id=identity.public_id)
    accounts_workflow.activate(user)
    user.refresh_from_db()
    for entity in others:
        accounts_workflow.add_establishment(user, entity, person.kind, by=user)
    return user


def employ(person: Person) -> User:
    """Staff choose their password from the link that an administrator sends; the first administrator creates
    himself, as with `manage.py createsuperuser`."""
    names = {"civility": person.civility, "first_name": person.first_name, "last_name": person.last_name}
    if person.role == Role.ADMIN:
        admin: User = User.objects.create_superuser(person.username, person.email, PASSWORD, **names)
        return admin
    user: User = User.objects.create_user(person.username, person.email, role=person.role, **names)
    user.regions.set(Region.objects.filter(code=person.region))
    token = default_token_generator.make_token(user)
    accounts_workflow.reset_password(user, token=token, new_password=PASSWORD)
    return user


def leave(referent: User, *, colleague: User) -> None:
    """An administrator closes the account of somebody who left; a colleague asks for his dossier (D13, Q38)."""
    now = timezone.now()
    referent.is_active = False
    referent.save(update_fields=["is_active"])
    vacancies.watch(now)
    [dossier] = referent.dossiers.all()
    takeovers.ask(applications.current(dossier), by=colleague, reason=CLAIM, at=now)


# E-mails


def put_emails_away(people: dict[str, User]) -> None:
    """Mark what all this wrote as sent: each dossier shows its e-mails, and the mailbox of a newcomer stays empty, so
    that the first one in it is the code he waits for."""
    for email in Email.objects.filter(to__in=[user.email for user in people.values()]):
        delivery.mark_sent(email, now=timezone.now())
