"""What the screens read of FINESS: the picker, the sites of an entity, the simulator's look-up."""

import time
from collections.abc import Collection, Iterator
from datetime import date
from functools import lru_cache, reduce
from operator import and_, or_
from typing import Any, overload

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Case, Count, F, Func, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Left, Length
from django.db.models.sql.compiler import SQLCompiler

from ecare import french
from ecare.composed import Composed
from establishments import finess, search
from establishments.enums import EstablishmentType, ImportStatus
from establishments.models import (
    NAME_UNKNOWN,
    Departement,
    GeographicEntity,
    GeographicEntityQuerySet,
    HospitalGroup,
    ImportRun,
    LegalEntity,
    LegalEntityQuerySet,
    Region,
)

# Beyond that many, names that only look like what was typed help nobody.
MOST_APPROXIMATE = 50
# Its own names and its first sites: an entity of hundreds of sites would take longer to compare than all the others.
_LONGEST_COMPARED = 400
# As pg_trgm has it (pg_trgm.word_similarity_threshold).
_ALIKE = 0.6
_CREDIT_SECONDS = 3600
_STARTED = time.monotonic()
MOST_SITES_SHOWN = 2
# Two characters say a département: shorter beginnings would find everybody by one of their sites.
SHORTEST_SITE_NUMBER = 5
# Words that begin no known word are the ones mistyped; when all are known, any may be.
_NEAREST_WORDS = """
    WITH asked AS (
        SELECT word, CASE WHEN length(word) < 5 THEN 1 ELSE 2 END AS slips,
               EXISTS (SELECT FROM establishments_searchword known
                       WHERE known.word >= asked.word AND known.word < asked.word || '~') AS known
        FROM unnest(%s::text[]) AS asked (word)
    ),
    compared AS (
        SELECT asked.word AS asked, asked.known, asked.slips, candidate.word, candidate.uses,
               levenshtein_less_equal(candidate.word, asked.word, asked.slips) AS distance
        FROM asked
        JOIN establishments_searchword candidate
          ON length(candidate.word) BETWEEN length(asked.word) - asked.slips AND length(asked.word) + asked.slips
        WHERE NOT asked.known OR (SELECT bool_and(known) FROM asked)
    ),
    placed AS (
        SELECT asked, known, word, row_number() OVER (PARTITION BY asked ORDER BY distance, uses DESC, word) AS place
        FROM compared
        WHERE distance <= slips
    )
    SELECT asked, known, array_agg(word ORDER BY place) FROM placed WHERE place <= 8 GROUP BY asked, known
"""

# One word of a search, and the spellings that will do.
_Spellings = tuple[str, ...]
# A line of `words` ends with the numbers of the sites that it stands for. Its collation is not that of their index, and
# the first line is cut out once an entity: `words` may be long.
_SITES_OF_LINES = """
    SELECT site.*
    FROM establishments_legalentity entity
    CROSS JOIN LATERAL (SELECT split_part(entity.words, E'\\n', 1) AS own OFFSET 0) first
    CROSS JOIN LATERAL (
        SELECT line, place, CASE WHEN {condition} THEN 0 ELSE 1 END AS missed
        FROM unnest(string_to_array(entity.words, E'\\n')) WITH ORDINALITY AS lines (line, place)
        WHERE place > 1 AND ({condition} OR (entity.name = '' AND entity.long_name = ''))
        ORDER BY missed, place LIMIT %s
    ) found
    JOIN establishments_geographicentity site
      ON site.finess = substr(line, greatest(position(%s IN line), position('#' IN line)) + 1, 9) COLLATE "default"
    WHERE entity.id = ANY(%s)
    ORDER BY entity.id, found.missed, found.place
"""


class Found:
    """What a search found, counted and sliced as a Paginator wants it.

    Two queries a page; three after a typo, four when only the whole looks alike; one more for the sites that explain
    why an entity is there, or that say which one it is when its name is unknown.
    """

    def __init__(self, rows: LegalEntityQuerySet, text: str) -> None:
        self.approximate = False
        """No name holds what was typed: these are the nearest ones, and the page should say so."""
        rows = rows.defer("words")  # as long as an entity has sites
        self._rows, self._nearest, self._text = _matching(rows, text), rows, text
        self._words = search.wanted(text)
        self._list: list[LegalEntity] | None = None
        self._count: int | None = None

    def count(self) -> int:
        if self._count is None:
            self._count = self._rows.count()
            if not self._count and self._words and not _is_number(self._text):
                self._list, self._words = _resembling(self._nearest, self._text, self._words)
                self._count = len(self._list)
                self.approximate = bool(self._list)
        return self._count

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[LegalEntity]:
        return iter(self[:])

    @overload
    def __getitem__(self, key: slice) -> list[LegalEntity]: ...
    @overload
    def __getitem__(self, key: int) -> LegalEntity: ...
    def __getitem__(self, key: slice | int) -> list[LegalEntity] | LegalEntity:
        if not self.count():
            return [][key]
        rows = self._rows if self._list is None else self._list
        if not isinstance(key, slice):
            return rows[key]
        page = list(rows[key])
        _show_sites(page, self._text, self._words)
        return page


def picker(*, kind: str, region_code: str = "", text: str = "") -> Found:
    """The EJ offered for a type of establishment and a région (A1 step 2, E1b), best matches first, then by name.

    `text`: a FINESS number or its beginning, or words of the raison sociale in any order, whatever their case,
    accents, punctuation and usual abbreviations, and of its town. So do the names, the towns and the numbers (from five
    characters on) of its open sites, after what its own find; rows found so carry `found_sites`, and so do those of
    unknown name. When nothing holds what was typed, the names that resemble it. No région: all of them.
    For a GHT, each row is its supporting establishment and carries `group_names`.
    """
    rows = LegalEntity.objects.filter(kinds__contains=[kind])
    if region_code:
        rows = rows.filter(region_codes__contains=[region_code])
    if kind == EstablishmentType.GHT:
        groups = HospitalGroup.objects.filter(support=OuterRef("pk"), is_active=True).order_by("name")
        rows = rows.annotate(group_names=ArraySubquery(groups.values("name")))
    return Found(rows, text)


def matching(rows: LegalEntityQuerySet, text: str) -> LegalEntityQuerySet:
    """The rows whose number begins with the text or whose names hold its words: no tolerance to typos."""
    return _matching(rows, text)


def active_sites(legal_entity: LegalEntity, *, text: str = "") -> GeographicEntityQuerySet:
    """The open EG of an EJ, with their category (« Raison sociale · Finess EG », A1 step 2).

    `text`: the beginning of a number, or words of the names and of the town, as in the picker. Compared here: an entity
    has at most some hundreds of sites, and their names have no index of their own.
    """
    sites = legal_entity.sites.active().select_related("category").order_by("name", "finess")
    if not (text := text.strip()):
        return sites
    number, words = finess.normalise_number(text), search.wanted(text)
    kept = [
        pk
        for pk, site, line in sites.values_list("pk", "finess", "search_text")
        if site.startswith(number) or (words and search.holds(line, words))
    ]
    return sites.filter(pk__in=kept)


def anywhere(text: str) -> Found:
    """The open EJ that a text names, of every type and région, as the picker finds them."""
    return Found(LegalEntity.objects.active(), text)


def sites_now(legal_entity: LegalEntity) -> list[GeographicEntity]:
    """The open EG of an EJ, with their category: 1 query."""
    return ACTIVE_SITES.rows(legal_entity=legal_entity.pk)


# Read at every form whose perimeter is shown (docs/adr/0030).
ACTIVE_SITES = Composed(lambda legal_entity: active_sites(LegalEntity(pk=legal_entity)), legal_entity=-1)


def with_sites(own: LegalEntity, numbers: Collection[str]) -> list[tuple[LegalEntity, list[GeographicEntity]]]:
    """An EJ, then the open EJ of these numbers by name, each with its open EG: 2 queries."""
    others = LegalEntity.objects.active().filter(finess__in=numbers).order_by("sort_name", "finess")
    found: dict[LegalEntity, list[GeographicEntity]] = {entity: [] for entity in (own, *others)}
    by_key = {entity.pk: sites for entity, sites in found.items()}
    sites = GeographicEntity.objects.active().filter(legal_entity__in=by_key)
    for site in sites.select_related("category").order_by("name", "finess"):
        by_key[site.legal_entity_id].append(site)
    return list(found.items())


def by_finess(number: str) -> LegalEntity | None:
    """The open EJ of this number, with `essms_sites`, the number of its open ESSMS sites (simulator, P2)."""
    number = finess.normalise_number(number)
    if not finess.is_valid(number):
        return None
    counted = Count("sites", filter=Q(sites__is_active=True, sites__category__is_essms=True))
    return LegalEntity.objects.active().filter(finess=number).annotate(essms_sites=counted).first()


def credit() -> str:
    """What the licence of the data asks every page that shows them to say; empty before the first import.

    The day is that of the latest extract among the last imports: an older file completes the data, no more. Read once
    an hour a process: extracts are published once a day.
    """
    return _credit(int((time.monotonic() - _STARTED) // _CREDIT_SECONDS))


def forget_credit() -> None:
    """Read it again, in a process that has just imported."""
    _credit.cache_clear()


@lru_cache(maxsize=1)
def _credit(_period: int) -> str:
    done = ImportRun.objects.filter(status=ImportStatus.DONE).order_by("-pk")
    runs = done.values_list("files", flat=True)[:10]
    days = [file["extracted_on"] for files in runs for file in files if file.get("extracted_on")]
    if not days:
        return ""
    return f"FINESS - ANS / ministère chargé de la santé, extraction du {french.day(date.fromisoformat(max(days)))}"


def regions() -> list[Region]:
    """In the order a French reader expects: Île-de-France at I, whatever the collation of the database."""
    return sorted(Region.objects.all(), key=lambda region: search.normalise(region.name))


def departements() -> list[Departement]:
    return list(Departement.objects.select_related("region").order_by("code"))


def _matching(rows: LegalEntityQuerySet, text: str) -> LegalEntityQuerySet:
    text = text.strip()
    if not text:
        return rows.order_by("sort_name", "finess")
    number = finess.normalise_number(text)
    words = search.wanted(text)
    conditions = [reduce(and_, map(_holds, words))] if words else []
    places = []
    if finess.is_beginning(number):
        own, of_site = Q(finess__startswith=number), Q(words__contains=f"#{number}")
        conditions = [] if len(number) == 9 else conditions
        conditions += [own, of_site] if len(number) >= SHORTEST_SITE_NUMBER else [own]
        places += [When(own, then=Value(0)), When(of_site, then=Value(1))]
    if not conditions:
        return rows.none()
    phrase = search.normalise(text)
    places += [
        When(sort_name=phrase, then=Value(2)),
        When(sort_name__startswith=phrase, then=Value(3)),
        When(search_text__contains=f" {phrase}", then=Value(4)),
    ]
    if words:
        places += [
            When(reduce(and_, (_begins("search_text", spellings) for spellings in words)), then=Value(5)),
            When(words__contains=f"\n {phrase}", then=Value(6)),
            When(words__contains=f" {phrase}", then=Value(7)),
            When(_SameLine(words), then=Value(8)),
        ]
    place = Case(*places, default=Value(9), output_field=IntegerField())
    return rows.filter(reduce(or_, conditions)).order_by(place, "sort_name", "finess")


class _SameLine(Func):
    """Whether one name holds all the words, with its town: whole words of several sites may meet in one search."""

    output_field = BooleanField()

    def __init__(self, words: list[_Spellings]) -> None:
        conditions, spellings = _like("line", words)
        lines = "unnest(string_to_array(%(expressions)s, E'\\n')) line"
        template = f"EXISTS (SELECT FROM {lines} WHERE {conditions.replace('%', '%%')})"
        super().__init__(F("words"), template=template)
        self._spellings = spellings

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        sql, params = super().as_sql(compiler, connection, *args, **extra)
        return sql, (*params, *self._spellings)


def _like(text: str, words: list[_Spellings]) -> tuple[str, list[str]]:
    """The condition, and its parameters, that an SQL expression holds all the words, as `search.holds` says it. By
    LIKE: `position` prepares each of its searches, and there may be hundreds of short lines."""
    conditions = [" OR ".join([f"{text} LIKE %s"] * len(spellings)) for spellings in words]
    # Letters, digits and spaces: nothing to escape.
    parameters = [f"% {search.singular(spelling)}%" for spellings in words for spelling in spellings]
    return " AND ".join(f"({condition})" for condition in conditions), parameters


def _is_number(text: str) -> bool:
    """Whether the text may be a FINESS number, whole or begun: nothing resembles a number."""
    return finess.is_beginning(finess.normalise_number(text))


def _holds(spellings: _Spellings) -> Q:
    """One of the spellings begins a word of the names, those of the sites included."""
    return _begins("words", spellings)


def _begins(column: str, spellings: _Spellings) -> Q:
    return reduce(or_, (Q(**{f"{column}__contains": f" {search.singular(spelling)}"}) for spelling in spellings))


def _show_sites(page: list[LegalEntity], text: str, words: list[_Spellings]) -> None:
    """Give each entity that its own number and names do not explain the first sites that do, and each entity of unknown
    name its first sites: one query, two sites an entity at most, however many it has."""
    number = finess.normalise_number(text)
    unexplained = {
        entity.pk: entity
        for entity in page
        if entity.display_name == NAME_UNKNOWN
        or (
            words
            and not search.holds(search.located(entity.search_text, entity.city), words)
            and not entity.finess.startswith(number)
        )
    }
    if not unexplained:
        return
    shown = "#"
    condition, parameters = _like("(own || line)", words) if words else ("false", [])
    if _is_number(text):
        shown = f"#{number}"
        condition, parameters = "position(%s IN line) > 0", [shown]
    sites = GeographicEntity.objects.raw(
        _SITES_OF_LINES.format(condition=condition),
        [*parameters, *parameters, MOST_SITES_SHOWN, shown, [*unexplained]],
    )
    for site in sites:
        unexplained[site.legal_entity_id].found_sites += (site,)


def _resembling(
    rows: LegalEntityQuerySet, text: str, words: list[_Spellings]
) -> tuple[list[LegalEntity], list[_Spellings]]:
    """The rows that hold each word as typed, or a word near to it, or the two words it joins (« Bellevue » for
    « Belle Vue »); failing that, those that hold all the words but one and look like the text as a whole. The most
    alike first; and the words that explain them, with what was taken for them."""
    phrase = search.normalise(text)
    rows = rows.annotate(likeness=TrigramWordSimilarity(phrase, Left("words", _LONGEST_COMPARED)))
    rows = rows.order_by(F("likeness").desc(), Length("search_text"), "sort_name", "finess")
    typed = [min(spellings, key=len) for spellings in words]
    nearest, known = nearest_words(typed)
    others = [[*nearest.get(word, ()), *search.cuts(word)] for word in typed]
    as_typed = [_holds(spellings) for spellings in words]
    taken = [(*spellings, *more) for spellings, more in zip(words, others, strict=True)]
    mended = [_holds(spellings) for spellings in taken]
    if any(others):
        # When every word is known, one at most is not the one meant: more would find everybody.
        condition = _all_but_one(as_typed, mended) if known else reduce(and_, mended)
        found: list[LegalEntity] = list(rows.filter(condition)[:MOST_APPROXIMATE])
        if found:
            return found, taken
    if len(words) == 1:
        return [], words
    condition = _all_but_one(as_typed if known else mended)
    return list(rows.filter(condition, likeness__gte=_ALIKE)[:MOST_APPROXIMATE]), taken


def _all_but_one(conditions: list[Q], otherwise: list[Q] | None = None) -> Q:
    """All of them but one, whichever it is, in the place of which may stand its counterpart in `otherwise`."""
    lists = (
        [*conditions[:place], *([otherwise[place]] if otherwise else ()), *conditions[place + 1 :]]
        for place in range(len(conditions))
    )
    condition: Q = reduce(or_, (reduce(and_, each) for each in lists))
    return condition


def nearest_words(words: list[str]) -> tuple[dict[str, list[str]], bool]:
    """The words of the directory at one slip of the keyboard (two from five letters on), nearest first, for the words
    that begin none of them; when they all do, for all of them, and true."""
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST_WORDS, [words])
        found = cursor.fetchall()
    return {asked: near for asked, _, near in found}, bool(found) and all(known for _, known, _ in found)
