"""What follows from the entities, their sites and their groups: what the picker reads."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from establishments import search
from establishments.enums import EstablishmentType
from establishments.models import GeographicEntity, HospitalGroup, LegalEntity, Spelling

# An EJ is found under the région of its address and under those of its open sites; it is offered as ESSMS or as
# établissement de santé for its open sites of these categories, and as a GHT when it supports one (E1, E1b). The older
# files hold EJ without an address: their région is that of their sites, when they have only one.
#
# It is also found by the names, towns and numbers of its open sites: a line each, which ends with the numbers of the
# sites that it stands for, « #210780565 ». What its own names say already is not said again.
_DERIVED = """
    WITH of_sites AS (
        SELECT site.legal_entity_id AS id,
               array_agg(DISTINCT site.region_id) FILTER (WHERE site.region_id IS NOT NULL) AS regions,
               bool_or(category.is_essms) AS essms, bool_or(category.is_sanitary) AS sanitary
        FROM establishments_geographicentity site
        LEFT JOIN establishments_category category ON category.code = site.category_id
        WHERE site.is_active
        GROUP BY site.legal_entity_id
    ),
    said AS (
        SELECT legal_entity_id AS id, search_text, string_agg('#' || finess, '' ORDER BY finess) AS numbers
        FROM establishments_geographicentity
        WHERE is_active
        GROUP BY legal_entity_id, search_text
    ),
    added AS (
        SELECT said.id, E'\n' || string_agg(line, E'\n' ORDER BY line COLLATE "C") AS lines
        FROM said
        JOIN establishments_legalentity entity USING (id)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN string_to_array(said.search_text, ' ') <@ string_to_array(entity.search_text, ' ')
                        THEN '' ELSE said.search_text END || said.numbers AS line
        ) told
        GROUP BY said.id
    ),
    derived AS (
        SELECT entity.id,
               CASE WHEN entity.departement_id IS NOT NULL THEN entity.region_id
                    WHEN cardinality(of_sites.regions) = 1 THEN of_sites.regions[1] END AS region_id,
               ARRAY(SELECT DISTINCT code
                     FROM unnest(of_sites.regions
                                 || CASE WHEN entity.departement_id IS NOT NULL THEN entity.region_id END) code
                     WHERE code IS NOT NULL ORDER BY code)::varchar(3)[] AS region_codes,
               CASE WHEN entity.is_active THEN array_remove(ARRAY[
                   CASE WHEN of_sites.essms THEN %(essms)s END,
                   CASE WHEN of_sites.sanitary THEN %(es)s END,
                   CASE WHEN EXISTS (SELECT FROM establishments_hospitalgroup hospital_group
                                     WHERE hospital_group.support_id = entity.id AND hospital_group.is_active)
                        THEN %(ght)s END], NULL) ELSE '{}' END::varchar(5)[] AS kinds,
               entity.search_text
               || CASE WHEN entity.search_town = '' OR position(' ' || entity.search_town IN entity.search_text) > 0
                       THEN '' ELSE ' ' || entity.search_town END
               || COALESCE(added.lines, '') AS words
        FROM establishments_legalentity entity
        LEFT JOIN of_sites ON of_sites.id = entity.id
        LEFT JOIN added ON added.id = entity.id
    )
    UPDATE establishments_legalentity entity
    SET region_id = derived.region_id, region_codes = derived.region_codes, kinds = derived.kinds,
        words = derived.words
    FROM derived
    WHERE derived.id = entity.id
      AND (entity.region_id, entity.region_codes, entity.kinds, entity.words) IS DISTINCT FROM
          (derived.region_id, derived.region_codes, derived.kinds, derived.words)
"""
_VOCABULARY = """
    INSERT INTO establishments_searchword (word, uses)
    SELECT word, count(*)
    FROM establishments_legalentity,
         unnest(string_to_array(words, E'\n')) line,
         unnest(string_to_array(split_part(line, '#', 1), ' ')) word
    WHERE length(word) BETWEEN 1 AND 250 GROUP BY word
"""
_SPELT = "CREATE TEMP TABLE spelt (id bigint, search_text text, sort_name text, search_town text)"
_COLUMNS = 3
_SPELL_ENTITIES = """
    UPDATE establishments_legalentity kept
    SET search_text = spelt.search_text, sort_name = spelt.sort_name, search_town = spelt.search_town
    FROM pg_temp.spelt WHERE spelt.id = kept.id
"""
_SPELL_SITES = """
    UPDATE establishments_geographicentity kept SET search_text = spelt.search_text
    FROM pg_temp.spelt WHERE spelt.id = kept.id
"""
_NAMES = ("name", "long_name", "city")
_BATCH = 2000


def all_of_it() -> None:
    """Régions, types, words of the groups and of the sites, vocabulary. To be followed by `settle`."""
    _name_groups()
    entities()
    vocabulary()


def settle() -> None:
    """What the planner and the index need to know of so many changes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE establishments_legalentity, establishments_searchword")
        cursor.execute("SELECT gin_clean_pending_list('legal_entity_picker')")


def entities() -> None:
    """What each EJ is found by: its régions, its types, its words and those of its open sites."""
    with connection.cursor() as cursor:
        cursor.execute(_DERIVED, {kind.name.lower(): kind.value for kind in EstablishmentType})


def vocabulary() -> None:
    """The words of the names, for the searches that hold a typo."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM establishments_searchword")
        cursor.execute(_VOCABULARY)


def rules() -> str:
    """A digest of the rules that spell the search columns: it changes with any line of them."""
    digest = hashlib.sha256()
    for source in (search.__file__, __file__):
        digest.update(Path(source).read_bytes())
    return digest.hexdigest()


def are_spelt() -> bool:
    """Whether the search columns are those of the present rules."""
    return Spelling.objects.filter(rules=rules()).exists()


def search_columns() -> int:
    """Spell every name again, after a change of the rules or by files that say some of the names only. Returns how many
    rows changed."""
    groups = _names_of_groups()

    def of_entity(pk: int, name: str, long_name: str, city: str) -> tuple[str, ...]:
        key, text = search.columns(name, long_name)
        return _with_groups(text, groups.get(pk, ())), key, search.spell_town(city)

    def of_site(pk: int, name: str, long_name: str, city: str) -> tuple[str, ...]:
        return (search.line(name, long_name, city),)

    entities = LegalEntity.objects.values_list("pk", *_NAMES, "search_text", "sort_name", "search_town")
    sites = GeographicEntity.objects.values_list("pk", *_NAMES, "search_text")
    with transaction.atomic():
        changed = _spell(entities, of_entity, _SPELL_ENTITIES) + _spell(sites, of_site, _SPELL_SITES)
        Spelling.objects.update_or_create(only=True, defaults={"rules": rules()})
    return changed


def _spell(rows: QuerySet[Any, Any], spelt: Callable[..., tuple[str, ...]], update: str) -> int:
    """Write the columns of the rows that hold something else than `spelt` gives for their names and their town."""
    with connection.cursor() as cursor:
        cursor.execute(_SPELT)
        batch: list[tuple[Any, ...]] = []
        for pk, name, long_name, city, *held in rows.iterator(chunk_size=_BATCH):
            if (told := spelt(pk, name, long_name, city)) != tuple(held):
                batch.append((pk, *told, *[None] * (_COLUMNS - len(told))))
            if len(batch) >= _BATCH:
                _copy(batch)
        _copy(batch)
        cursor.execute(update)
        changed = cursor.rowcount
        cursor.execute("DROP TABLE pg_temp.spelt")
        return changed


def _copy(batch: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY pg_temp.spelt FROM STDIN") as copy:
        for row in batch:
            copy.write_row(row)
    batch.clear()


def _name_groups() -> None:
    """A GHT is also found by its own name: its supporting establishment carries those words."""
    groups = _names_of_groups()
    changed = []
    for entity in LegalEntity.objects.filter(pk__in=groups):
        text = _with_groups(search.columns(entity.name, entity.long_name)[1], groups[entity.pk])
        if entity.search_text != text:
            entity.search_text = text
            changed.append(entity)
    LegalEntity.objects.bulk_update(changed, ["search_text"])


def _names_of_groups() -> dict[int, list[str]]:
    """The names of the active GHT, by the key of their supporting establishment."""
    names: dict[int, list[str]] = {}
    groups = HospitalGroup.objects.filter(is_active=True, support__isnull=False).order_by("name")
    for support, name in groups.values_list("support", "name"):
        names.setdefault(support, []).append(name)
    return names


def _with_groups(text: str, names: Iterable[str]) -> str:
    return text + "".join(dict.fromkeys(f" {search.normalise(name)}" for name in names))
