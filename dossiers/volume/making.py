"""A database of the reference volume (quality.md): for measures and load tests, never for a real installation.

Everything follows from the number of dossiers asked for: the same number gives the same establishments, accounts,
answers and histories, dated from today. Written by COPY, batch by batch, each batch whole.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import Representation, TermsAcceptance, User
from dossiers import kinds, queries
from dossiers.demo import loading
from dossiers.demo.cast import PASSWORD
from dossiers.models import (
    Appraisal,
    Attachment,
    Dossier,
    DossierStage,
    Guichet,
    ModificationRequest,
    Stage,
    Transmission,
)
from dossiers.volume import lives, moulds, people
from dossiers.volume.copying import BATCH, copy, first_key
from dossiers.volume.lives import FIELDS, Entity, File, Keys, Life, Rows, Step
from establishments import national
from establishments import workflow as establishments
from establishments.models import GeographicEntity, LegalEntity, Region
from funding.schedule import queries as schedules

DOSSIERS = 100_000
#: Below it, the generated directory is too small to hold them.
FEWEST = 50
#: For each dossier of the reference volume.
ENTITIES, SITES, ACCOUNTS = 0.98, 1.74, 0.5
#: Share of the dossiers of the guichet most asked for; the others share the rest.
FIRST_SHARE = 0.4
MOULDS = 6
DOCUMENT = settings.BASE_DIR / "fixtures" / "demo" / "attestation-dui-segur.pdf"


class Refused(Exception):
    """This database is not one to fill; the message, in French, says why."""


@dataclass(frozen=True)
class Made:
    """How many rows were written, by table, and the seconds it took."""

    counts: dict[str, int]
    seconds: float


def exists() -> bool:
    """Whether a volume was already made in this database."""
    return User.objects.filter(username__startswith=people.PREFIX).exists()


def check() -> None:
    """Raise Refused unless this is a development or test installation, and its database without accounts."""
    if not settings.VOLUME_ALLOWED:
        raise Refused("Cette commande ne sert qu'aux mesures\u00a0: elle est refusée avec les réglages de production.")
    if User.objects.exists():
        raise Refused(
            "Cette base a déjà des comptes\u00a0: un volume de mesure, dont le mot de passe est public, ne se fait que "
            "dans une base sans compte."
        )
    if not Guichet.objects.exists() or accounts_queries.terms_in_force() is None:
        raise Refused("Les guichets ou les CGU manquent\u00a0: lancez d'abord «\u00a0manage.py prepare\u00a0».")


def make(dossiers: int = DOSSIERS, *, say: Callable[[str], None] = lambda _: None) -> Made:
    """Fill a database that has been prepared and holds no account. Raises Refused."""
    check()
    start = timezone.now()
    chance = random.Random(dossiers)
    say("Établissements")
    bring_country(dossiers)
    entities = list(read_entities())
    say("Comptes")
    staff, referents = bring_people(chance, max(int(dossiers * ACCOUNTS), 1), entities)
    first = Stage.objects.filter(guichet__code=loading.GUICHET, code=loading.STAGE).first()
    if first is not None:
        loading.shift_windows(first, today=timezone.localdate())
        loading.open_windows(today=timezone.localdate())
    say("Dossiers")
    counts = bring_dossiers(dossiers, entities, staff, referents, now=start, chance=chance, say=say)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    counts |= {"comptes": len(staff) + len(referents), "EJ": len(entities), "EG": GeographicEntity.objects.count()}
    return Made(counts, (timezone.now() - start).total_seconds())


# Establishments


def bring_country(dossiers: int) -> None:
    """A directory of the size that goes with so many dossiers, through the import itself."""
    country = national.Country(max(int(dossiers * ENTITIES), 40), max(int(dossiers * SITES), 80))
    with tempfile.TemporaryDirectory() as folder:
        establishments.import_extracts(national.write_pair(Path(folder), country), accept_closures=True)


def read_entities() -> Iterator[Entity]:
    """The open EJ of the directory, with their open EG."""
    sites: dict[int, list[dict[str, object]]] = {}
    active = GeographicEntity.objects.active().select_related("category", "legal_entity").order_by("finess")
    for site in active.iterator(BATCH):
        described = kinds.perimeter.described(site, site.legal_entity, equipped=site.pk % 5 != 0)
        sites.setdefault(site.legal_entity_id, []).append(described)
    for each in LegalEntity.objects.active().select_related("region").order_by("finess").iterator(BATCH):
        yield Entity(
            key=each.pk,
            finess=each.finess,
            name=each.name,
            display_name=each.display_name,
            kinds=tuple(each.kinds),
            region=each.region.name if each.region else "",
            long_name=each.long_name,
            sites=tuple(sites.get(each.pk, ())),
        )


# Accounts


def bring_people(
    chance: random.Random, count: int, entities: list[Entity]
) -> tuple[list[people.Person], list[people.Person]]:
    """Who instructs, and the référents; every one of them may sign in with the password of the demonstration."""
    regions = list(Region.objects.order_by("code").values_list("code", flat=True))
    first = first_key(User, count + people.VERIFIERS + people.LEADS + people.REGIONALS_A_REGION * len(regions))
    staff = list(people.staff(chance, first, regions))
    referents = list(people.referents(chance, first + len(staff), count))
    now, password, terms = timezone.now(), make_password(PASSWORD), accounts_queries.terms_in_force()
    assert terms is not None
    since = now - dt.timedelta(days=lives.SEASON + 30)
    fields = (
        *("id", "password", "public_id", "username", "email", "civility", "last_name", "first_name", "phone", "role"),
        *("is_active", "activated_at", "created_at"),
    )
    everybody = [*staff, *referents]
    with transaction.atomic():
        copy(
            User,
            fields,
            (
                (
                    *(one.key, password, one.public_id, one.username, one.email, one.civility, one.last_name),
                    *(one.first_name, "+33101010101", one.role, True, since, since),
                )
                for one in everybody
            ),
        )
        copy(TermsAcceptance, ("user", "version", "accepted_at"), ((one.key, terms.pk, now) for one in everybody))
        through = User.regions.through
        copy(through, ("user", "region"), ((one.key, code) for one in staff for code in one.regions))
    return staff, referents


# Dossiers


def read_steps(guichet: Guichet, example: LegalEntity, chance: random.Random) -> list[Step]:
    """The étapes of a guichet that have a form, in order, those begun on request left out."""
    steps = []
    for stage in guichet.stages.exclude(entry="on_request").select_related("guichet").order_by("position"):
        revision = queries.newest_revision(stage)
        if revision is not None:
            revision.stage = stage
            cast = [moulds.cast(revision, example, chance) for _ in range(MOULDS)]
            steps.append(Step(stage, cast, schedules.current(guichet.code, on=timezone.localdate())))
    return steps


def shares(dossiers: int, guichets: list[Guichet]) -> list[int]:
    """How many dossiers each guichet has."""
    others = int(dossiers * (1 - FIRST_SHARE)) // max(len(guichets) - 1, 1)
    return [dossiers - others * (len(guichets) - 1), *[others] * (len(guichets) - 1)]


def candidates(guichet: Guichet, count: int, entities: list[Entity], chance: random.Random) -> list[tuple[Entity, str]]:
    """So many EJ, each with the type under which it applies: those the guichet is for, then, for the volume, others."""
    suited: list[tuple[Entity, str]] = []
    others: list[tuple[Entity, str]] = []
    for entity in entities:
        kind = next((kind for kind in entity.kinds if kind in guichet.audience), None)
        if entity.sites:
            (suited if kind else others).append((entity, kind or guichet.audience[0]))
    chance.shuffle(suited)
    chance.shuffle(others)
    return [*suited, *others][:count]


def bring_dossiers(
    dossiers: int,
    entities: list[Entity],
    staff: list[people.Person],
    referents: list[people.Person],
    *,
    now: dt.datetime,
    chance: random.Random,
    say: Callable[[str], None],
) -> dict[str, int]:
    guichets = list(Guichet.objects.filter(stages__revisions__published_at__isnull=False).distinct())
    example = LegalEntity.objects.active().filter(sites__category__is_essms=True).select_related("region")[0]
    verifiers = [person for person in staff if person.role == "verifier"]
    named = (Dossier, DossierStage, Attachment, Transmission, ModificationRequest)
    # Keys are reserved wide: a gap in a sequence costs nothing.
    keys = Keys({model: first_key(model, dossiers * 20) - 1 for model in named})
    file = deposit_document()
    holders = cycle(referents)
    of_entity: dict[int, people.Person] = {}
    counts: dict[str, int] = {}
    number = 0
    for guichet, count in zip(guichets, shares(dossiers, guichets), strict=True):
        steps = read_steps(guichet, example, chance)
        applying = iter(candidates(guichet, count, entities, chance))
        while batch := list(islice(applying, BATCH)):
            rows = Rows()
            representing = []
            for entity, kind in batch:
                if entity.key not in of_entity:
                    of_entity[entity.key] = next(holders)
                    representing.append((of_entity[entity.key].key, entity.key, kind, False, now))
                life = Life(
                    rows,
                    keys,
                    number=number,
                    entity=entity,
                    referent=of_entity[entity.key],
                    verifiers=verifiers,
                    steps=steps,
                    kind=kind,
                    file=file,
                    now=now,
                )
                life.live()
                number += 1
            with transaction.atomic():
                fields = ("user", "legal_entity", "establishment_type", "is_primary", "created_at")
                copy(Representation, fields, representing)
                for model, content in rows.by_model.items():
                    name = str(model._meta.verbose_name)
                    counts[name] = counts.get(name, 0) + copy(model, FIELDS[model], content)
            say(f"{number} / {dossiers}")
    # Their points of vigilance are worked out by the worker, as after an import.
    transmitted = DossierStage.objects.filter(first_transmitted_at__isnull=False, appraisal__isnull=True)
    keys_to_appraise = transmitted.values_list("pk", flat=True).iterator(chunk_size=BATCH)
    while batch_of_keys := list(islice(keys_to_appraise, BATCH)):
        Appraisal.objects.bulk_create(Appraisal(dossier_stage_id=key) for key in batch_of_keys)
    return counts


def deposit_document() -> File:
    """The document that every slot holds, stored once."""
    content = DOCUMENT.read_bytes()
    name = default_storage.save("pieces/volume/exemple.pdf", ContentFile(content))
    return File(name, len(content), hashlib.sha256(content).hexdigest())
