"""The SQL of `merging`. Parameters: `day`, the day of the extract; `spared`, the numbers of its malformed rows; `run`,
the key of the import, whose record is written last.

In each, `kept` is our row, `staged` the file's, `told` what the file makes of ours. A staged null says nothing of its
column. A row that a later extract described is left alone. What changes a row writes its history in the same statement,
and returns how many rows it changed.
"""

from typing import NamedTuple


class Noun(NamedTuple):
    count_active: str
    count_closing: str
    """What is open here and said to be closed there."""
    count_missing: str
    """What is open here and not there at all."""
    update: str
    insert: str
    close_missing: str
    confirm: str
    """What is described there as it is here: the description is this day's."""
    confirm_all: str
    """Every row, by a full extract that came before: it spoke of all of them, those that it did not change included."""


ENTITIES = Noun(
    count_active="SELECT count(*) FROM establishments_legalentity WHERE is_active",
    count_closing="""
        SELECT count(*) FROM establishments_legalentity kept JOIN staged_entity staged USING (finess)
        WHERE kept.is_active AND NOT COALESCE(staged.is_active, true)
          AND (kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on)
    """,
    count_missing="""
        SELECT count(*) FROM establishments_legalentity kept
        WHERE kept.is_active AND (kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on)
          AND NOT kept.finess = ANY(%(spared)s::text[])
          AND NOT EXISTS (SELECT FROM staged_entity staged WHERE staged.finess = kept.finess)
    """,
    # Older files hold open entities only: being there reopens one, unless that very day's FINESS+ says it is closed.
    update="""
        WITH opened AS (
            SELECT kept.id, staged.finess, COALESCE(staged.is_active, kept.is_active OR kept.extracted_on IS NULL
                                                    OR %(day)s::date > kept.extracted_on) AS is_active
            FROM staged_entity staged JOIN establishments_legalentity kept USING (finess)
            WHERE kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on
        ),
        told AS (
            SELECT kept.id, COALESCE(staged.name, kept.name) AS name,
                   COALESCE(staged.long_name, kept.long_name) AS long_name,
                   COALESCE(staged.legal_status, kept.legal_status_id) AS legal_status_id,
                   COALESCE(staged.siren, kept.siren) AS siren, COALESCE(staged.address, kept.address) AS address,
                   COALESCE(staged.postal_code, kept.postal_code) AS postal_code,
                   COALESCE(staged.city, kept.city) AS city,
                   COALESCE(staged.departement, kept.departement_id) AS departement_id,
                   opened.is_active,
                   CASE WHEN NOT opened.is_active THEN COALESCE(staged.closed_on, kept.closed_on) END AS closed_on,
                   COALESCE(staged.sort_name, kept.sort_name) AS sort_name,
                   COALESCE(staged.search_text, kept.search_text) AS search_text,
                   COALESCE(staged.search_town, kept.search_town) AS search_town, kept.is_active AS was_active,
                   COALESCE(NULLIF(kept.name, ''), kept.long_name) AS was_name
            FROM opened
            JOIN staged_entity staged USING (finess)
            JOIN establishments_legalentity kept ON kept.id = opened.id
        ),
        changed AS (
        UPDATE establishments_legalentity kept
        SET name = told.name, long_name = told.long_name, legal_status_id = told.legal_status_id, siren = told.siren,
            address = told.address, postal_code = told.postal_code, city = told.city,
            departement_id = told.departement_id,
            region_id = (SELECT region_id FROM establishments_departement WHERE code = told.departement_id),
            is_active = told.is_active, closed_on = told.closed_on, sort_name = told.sort_name,
            search_text = told.search_text, search_town = told.search_town, extracted_on = %(day)s
        FROM told
        WHERE told.id = kept.id
          AND (kept.name, kept.long_name, kept.legal_status_id, kept.siren, kept.address, kept.postal_code, kept.city,
               kept.departement_id, kept.is_active, kept.closed_on)
              IS DISTINCT FROM
              (told.name, told.long_name, told.legal_status_id, told.siren, told.address, told.postal_code, told.city,
               told.departement_id, told.is_active, told.closed_on)
        RETURNING kept.id
        ),
        noted AS (
            INSERT INTO establishments_registerchange
                (recorded_at, run_id, day, kind, legal_entity_id, site_id, from_name, to_name, from_entity_id,
                 to_entity_id, effective_on)
            SELECT now(), %(run)s, %(day)s::date, change.kind, told.id, NULL::bigint, change.from_name, change.to_name,
                   NULL::bigint, NULL::bigint, change.effective_on
            FROM changed JOIN told USING (id)
            CROSS JOIN LATERAL (SELECT COALESCE(NULLIF(told.name, ''), told.long_name) AS name) new
            CROSS JOIN LATERAL (VALUES
                ('renamed', told.was_name NOT IN ('', new.name), told.was_name, new.name, NULL::date),
                ('closed', told.was_active AND NOT told.is_active, '', '', told.closed_on),
                ('reopened', told.is_active AND NOT told.was_active, '', '', NULL)
            ) change (kind, happened, from_name, to_name, effective_on)
            WHERE change.happened
        )
        SELECT count(*) FROM changed
    """,
    insert="""
        INSERT INTO establishments_legalentity
            (finess, name, long_name, legal_status_id, siren, address, postal_code, city, departement_id, region_id,
             is_active, closed_on, sort_name, search_text, search_town, extracted_on, region_codes, kinds)
        SELECT staged.finess, COALESCE(staged.name, ''), COALESCE(staged.long_name, ''), staged.legal_status,
               COALESCE(staged.siren, ''), COALESCE(staged.address, ''), COALESCE(staged.postal_code, ''),
               COALESCE(staged.city, ''), staged.departement, departement.region_id,
               COALESCE(staged.is_active, true), staged.closed_on, COALESCE(staged.sort_name, '~'),
               COALESCE(staged.search_text, ''), COALESCE(staged.search_town, ''), %(day)s, '{}', '{}'
        FROM staged_entity staged
        LEFT JOIN establishments_departement departement ON departement.code = staged.departement
        WHERE NOT EXISTS (SELECT FROM establishments_legalentity kept WHERE kept.finess = staged.finess)
    """,
    # Closed at the latest on the day of the extract that does not hold it any more.
    close_missing="""
        WITH gone AS (
            UPDATE establishments_legalentity kept SET is_active = false, closed_on = %(day)s, extracted_on = %(day)s
            WHERE kept.is_active AND (kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on)
              AND NOT kept.finess = ANY(%(spared)s::text[])
              AND NOT EXISTS (SELECT FROM staged_entity staged WHERE staged.finess = kept.finess)
            RETURNING kept.id
        ),
        noted AS (
            INSERT INTO establishments_registerchange
                (recorded_at, run_id, day, kind, legal_entity_id, site_id, from_name, to_name, from_entity_id,
                 to_entity_id, effective_on)
            SELECT now(), %(run)s, %(day)s::date, 'closed', gone.id, NULL::bigint, '', '', NULL::bigint, NULL::bigint,
                   %(day)s::date
            FROM gone
        )
        SELECT count(*) FROM gone
    """,
    confirm="""
        UPDATE establishments_legalentity kept SET extracted_on = %(day)s FROM staged_entity staged
        WHERE staged.finess = kept.finess AND kept.extracted_on < %(day)s::date
    """,
    confirm_all="""
        UPDATE establishments_legalentity SET extracted_on = %(day)s
        WHERE extracted_on < %(day)s::date AND NOT finess = ANY(%(spared)s::text[])
    """,
)

SITES = Noun(
    count_active="SELECT count(*) FROM establishments_geographicentity WHERE is_active",
    count_closing="""
        SELECT count(*) FROM establishments_geographicentity kept JOIN staged_site staged USING (finess)
        WHERE kept.is_active AND NOT COALESCE(staged.is_active, true)
          AND (kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on)
    """,
    count_missing="""
        SELECT count(*) FROM establishments_geographicentity kept
        WHERE kept.is_active AND (kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on)
          AND NOT kept.finess = ANY(%(spared)s::text[])
          AND NOT EXISTS (SELECT FROM staged_site staged WHERE staged.finess = kept.finess)
    """,
    update="""
        WITH opened AS (
            SELECT kept.id, staged.finess, COALESCE(staged.is_active, kept.is_active OR kept.extracted_on IS NULL
                                                    OR %(day)s::date > kept.extracted_on) AS is_active
            FROM staged_site staged JOIN establishments_geographicentity kept USING (finess)
            WHERE kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on
        ),
        told AS (
            SELECT kept.id, entity.id AS legal_entity_id, staged.name,
                   COALESCE(staged.long_name, kept.long_name) AS long_name, staged.category AS category_id,
                   staged.siret, staged.address, staged.postal_code, staged.city,
                   staged.departement AS departement_id, COALESCE(staged.opened_on, kept.opened_on) AS opened_on,
                   staged.search_text, opened.is_active,
                   CASE WHEN NOT opened.is_active THEN COALESCE(staged.closed_on, kept.closed_on) END AS closed_on,
                   kept.is_active AS was_active, kept.legal_entity_id AS was_entity_id,
                   COALESCE(NULLIF(kept.name, ''), kept.long_name) AS was_name
            FROM opened
            JOIN staged_site staged USING (finess)
            JOIN establishments_geographicentity kept ON kept.id = opened.id
            JOIN establishments_legalentity entity ON entity.finess = staged.entity
        ),
        changed AS (
        UPDATE establishments_geographicentity kept
        SET legal_entity_id = told.legal_entity_id, name = told.name, long_name = told.long_name,
            category_id = told.category_id, siret = told.siret, address = told.address,
            postal_code = told.postal_code, city = told.city, departement_id = told.departement_id,
            region_id = (SELECT region_id FROM establishments_departement WHERE code = told.departement_id),
            opened_on = told.opened_on, is_active = told.is_active, closed_on = told.closed_on,
            search_text = told.search_text, extracted_on = %(day)s
        FROM told
        WHERE told.id = kept.id
          AND (kept.legal_entity_id, kept.name, kept.long_name, kept.category_id, kept.siret, kept.address,
               kept.postal_code, kept.city, kept.departement_id, kept.opened_on, kept.is_active, kept.closed_on)
              IS DISTINCT FROM
              (told.legal_entity_id, told.name, told.long_name, told.category_id, told.siret, told.address,
               told.postal_code, told.city, told.departement_id, told.opened_on, told.is_active, told.closed_on)
        RETURNING kept.id
        ),
        noted AS (
            INSERT INTO establishments_registerchange
                (recorded_at, run_id, day, kind, legal_entity_id, site_id, from_name, to_name, from_entity_id,
                 to_entity_id, effective_on)
            SELECT now(), %(run)s, %(day)s::date, change.kind, NULL::bigint, told.id, change.from_name, change.to_name,
                   change.from_entity_id, change.to_entity_id, change.effective_on
            FROM changed JOIN told USING (id)
            CROSS JOIN LATERAL (SELECT COALESCE(NULLIF(told.name, ''), told.long_name) AS name) new
            CROSS JOIN LATERAL (VALUES
                ('moved', told.legal_entity_id <> told.was_entity_id, '', '', told.was_entity_id, told.legal_entity_id,
                 NULL::date),
                ('renamed', told.was_name NOT IN ('', new.name), told.was_name, new.name, NULL, NULL, NULL),
                ('closed', told.was_active AND NOT told.is_active, '', '', NULL, NULL, told.closed_on),
                ('reopened', told.is_active AND NOT told.was_active, '', '', NULL, NULL, NULL)
            ) change (kind, happened, from_name, to_name, from_entity_id, to_entity_id, effective_on)
            WHERE change.happened
        )
        SELECT count(*) FROM changed
    """,
    insert="""
        INSERT INTO establishments_geographicentity
            (finess, legal_entity_id, name, long_name, category_id, siret, address, postal_code, city, departement_id,
             region_id, opened_on, is_active, closed_on, search_text, extracted_on)
        SELECT staged.finess, entity.id, staged.name, COALESCE(staged.long_name, ''), staged.category, staged.siret,
               staged.address, staged.postal_code, staged.city, staged.departement, departement.region_id,
               staged.opened_on, COALESCE(staged.is_active, true), staged.closed_on, staged.search_text, %(day)s
        FROM staged_site staged
        JOIN establishments_legalentity entity ON entity.finess = staged.entity
        LEFT JOIN establishments_departement departement ON departement.code = staged.departement
        WHERE NOT EXISTS (SELECT FROM establishments_geographicentity kept WHERE kept.finess = staged.finess)
    """,
    close_missing="""
        WITH gone AS (
            UPDATE establishments_geographicentity kept
            SET is_active = false, closed_on = %(day)s, extracted_on = %(day)s
            WHERE kept.is_active AND (kept.extracted_on IS NULL OR %(day)s::date >= kept.extracted_on)
              AND NOT kept.finess = ANY(%(spared)s::text[])
              AND NOT EXISTS (SELECT FROM staged_site staged WHERE staged.finess = kept.finess)
            RETURNING kept.id
        ),
        noted AS (
            INSERT INTO establishments_registerchange
                (recorded_at, run_id, day, kind, legal_entity_id, site_id, from_name, to_name, from_entity_id,
                 to_entity_id, effective_on)
            SELECT now(), %(run)s, %(day)s::date, 'closed', NULL::bigint, gone.id, '', '', NULL::bigint, NULL::bigint,
                   %(day)s::date
            FROM gone
        )
        SELECT count(*) FROM gone
    """,
    confirm="""
        UPDATE establishments_geographicentity kept SET extracted_on = %(day)s FROM staged_site staged
        WHERE staged.finess = kept.finess AND kept.extracted_on < %(day)s::date
    """,
    confirm_all="""
        UPDATE establishments_geographicentity SET extracted_on = %(day)s
        WHERE extracted_on < %(day)s::date AND NOT finess = ANY(%(spared)s::text[])
    """,
)

# An EJ that only its sites name exists all the same: its number, no name, until a file describes it.
INSERT_ENTITIES_OF_SITES = """
    INSERT INTO establishments_legalentity
        (finess, name, long_name, siren, address, postal_code, city, is_active, sort_name, search_text, region_codes,
         kinds)
    SELECT DISTINCT staged.entity, '', '', '', '', '', '', true, '~', '', '{}'::varchar(3)[], '{}'::varchar(5)[]
    FROM staged_site staged
    WHERE NOT EXISTS (SELECT FROM establishments_legalentity kept WHERE kept.finess = staged.entity)
"""
# Changes with any row of ours: what tells that nothing happened since an import.
FINGERPRINT = """
    SELECT md5(concat_ws('/',
        (SELECT concat(count(*), ':', sum(hashtextextended(entity::text, 0)))
         FROM establishments_legalentity entity),
        (SELECT concat(count(*), ':', sum(hashtextextended(site::text, 0)))
         FROM establishments_geographicentity site),
        (SELECT concat(count(*), ':', sum(hashtextextended(hospital_group::text, 0)))
         FROM establishments_hospitalgroup hospital_group)))
"""
FIND_REFERENCES = """
    SELECT staged.reference, kept.id FROM staged_entity staged
    JOIN establishments_legalentity kept USING (finess)
    WHERE staged.reference = ANY(%(references)s)
"""
