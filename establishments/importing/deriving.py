"""What follows from the entities, their sites and their groups: what the picker reads."""

from django.db import connection, transaction

from establishments import search
from establishments.enums import EstablishmentType
from establishments.models import GeographicEntity, HospitalGroup, LegalEntity

# An EJ is found under the région of its address and under those of its open sites; it is offered as ESSMS or as
# établissement de santé for its open sites of these categories, and as a GHT when it supports one (E1, E1b). The older
# files hold EJ without an address: their région is that of their sites, when they have only one.
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
                        THEN %(ght)s END], NULL) ELSE '{}' END::varchar(5)[] AS kinds
        FROM establishments_legalentity entity LEFT JOIN of_sites ON of_sites.id = entity.id
    )
    UPDATE establishments_legalentity entity
    SET region_id = derived.region_id, region_codes = derived.region_codes, kinds = derived.kinds
    FROM derived
    WHERE derived.id = entity.id AND (entity.region_id, entity.region_codes, entity.kinds) IS DISTINCT FROM
                                     (derived.region_id, derived.region_codes, derived.kinds)
"""
_WORDS = """
    INSERT INTO establishments_searchword (word, uses)
    SELECT word, count(*)
    FROM establishments_legalentity,
         unnest(string_to_array(words, E'\n')) line,
         unnest(string_to_array(split_part(line, '#', 1), ' ')) word
    WHERE word <> '' GROUP BY word
"""
_SPELT = "CREATE TEMP TABLE spelt (id bigint, words text) ON COMMIT DROP"
_SPELL = """
    UPDATE establishments_legalentity entity SET words = spelt.words FROM spelt WHERE spelt.id = entity.id
"""
_BATCH = 2000


def all_of_it() -> None:
    """Régions, types, words of the groups, vocabulary; then what the planner and the index need to know of them."""
    with connection.cursor() as cursor:
        cursor.execute(_DERIVED, {kind.name.lower(): kind.value for kind in EstablishmentType})
        _name_groups()
        words()
        vocabulary()
        cursor.execute("ANALYZE establishments_legalentity, establishments_searchword")
        cursor.execute("SELECT gin_clean_pending_list('legal_entity_picker')")


def words() -> None:
    """An EJ is also found by the names, towns and numbers of its open sites: a line each, which ends with the numbers
    of the sites that it stands for, « #210780565 ». What its own names say already is not said again."""
    sites = (
        GeographicEntity.objects.active()
        .order_by("legal_entity_id", "finess")
        .values_list("legal_entity_id", "finess", "name", "long_name", "city")
    )
    lines: dict[int, dict[str, str]] = {}
    for entity, number, name, long_name, city in sites.iterator(chunk_size=_BATCH):
        of_entity = lines.setdefault(entity, {})
        line = search.located(search.searchable(name, long_name), city)
        of_entity[line] = f"{of_entity.get(line, '')}#{number}"
    # Read before the COPY begins: its connection answers nothing else until it ends.
    entities = list(LegalEntity.objects.values_list("pk", "search_text", "city", "words"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.spelt")
        cursor.execute(_SPELT)
        with cursor.copy("COPY pg_temp.spelt FROM STDIN") as copy:
            for pk, own, city, held in entities:
                if held != (told := "\n".join([search.located(own, city), *_added(own, lines.get(pk, {}))])):
                    copy.write_row((pk, told))
        cursor.execute(_SPELL)


def _added(own: str, lines: dict[str, str]) -> list[str]:
    known = set(own.split())
    return sorted(f"{'' if known.issuperset(line.split()) else line}{numbers}" for line, numbers in lines.items())


def vocabulary() -> None:
    """The words of the names, for the searches that hold a typo."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM establishments_searchword")
        cursor.execute(_WORDS)


def search_columns() -> int:
    """Spell every name again, after a change of `search.normalise`. Returns how many rows changed."""
    changed = 0
    entities = LegalEntity.objects.only("name", "long_name", "sort_name", "search_text").order_by("pk")
    batch: list[LegalEntity] = []
    for entity in entities.iterator(chunk_size=_BATCH):
        key, text = search.sort_key(entity.name or entity.long_name), search.searchable(entity.name, entity.long_name)
        if (entity.sort_name, entity.search_text) != (key, text):
            entity.sort_name, entity.search_text = key, text
            batch.append(entity)
        if len(batch) >= _BATCH:
            changed += LegalEntity.objects.bulk_update(batch, ["sort_name", "search_text"])
            batch.clear()
    return changed + LegalEntity.objects.bulk_update(batch, ["sort_name", "search_text"])


def _name_groups() -> None:
    """A GHT is also found by its own name: its supporting establishment carries those words."""
    groups = HospitalGroup.objects.filter(is_active=True, support__isnull=False).select_related("support")
    names: dict[LegalEntity, list[str]] = {}
    for group in groups.order_by("name"):
        if group.support:
            names.setdefault(group.support, []).append(group.name)
    changed = []
    for entity, of_groups in names.items():
        text = search.searchable(entity.name, entity.long_name, *of_groups)
        if entity.search_text != text:
            entity.search_text = text
            changed.append(entity)
    LegalEntity.objects.bulk_update(changed, ["search_text"])
