"""The lines of the list say what the dossiers say, whatever happens to them (I1, docs/adr/0037)."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from dossiers import queries, workflow
from dossiers.enums import FlagKind
from dossiers.models import Dossier, DossierStage, Flag, Guichet, Line, LineCount
from dossiers.queries.instruction import instruction_order
from dossiers.workflow import lines
from establishments.models import LegalEntity, Region
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.dossiers.rows import row
from tests.dossiers.test_steps import start, transmit
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)
MISCOUNTED = """
SELECT count(*) FROM (
    SELECT regions, region, stage_id, status, establishment_type, track, taken
      FROM (SELECT regions, region, stage_id, status, establishment_type, track, taken, count FROM dossiers_linecount
            UNION ALL
            SELECT among.*, line.stage_id, line.status, line.establishment_type, track, line.verifier_id IS NOT NULL, -1
              FROM dossiers_line line
              JOIN dossiers_dossierstage passage ON passage.id = line.dossier_stage_id
              JOIN dossiers_dossier dossier ON dossier.id = passage.dossier_id
              JOIN establishments_legalentity entity ON entity.id = dossier.legal_entity_id
             CROSS JOIN LATERAL (
                SELECT NULL::varchar[], ''
                UNION ALL SELECT entity.region_codes, ''
                UNION ALL SELECT NULL, unnest(entity.region_codes)) among) counted
     GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(count) <> 0) wrong
"""


def exact() -> bool:
    """Whether every line and every count say what a recount says."""
    with connection.cursor() as cursor:
        cursor.execute(MISCOUNTED)
        return not lines.different() and cursor.fetchone() == (0,)


def line(stage: DossierStage) -> Line:
    return Line.objects.get(pk=stage.pk)


def both_ways() -> list[str]:
    return [f"{sign}{column}" for column in queries.INSTRUCTION_SORTS for sign in ("", "-")]


def flag(stage: DossierStage, kind: FlagKind = FlagKind.REGIONS) -> None:
    Flag.objects.create(dossier_stage=stage, kind=kind, text="Deux régions.")


def test_lines_follow_a_dossier_through_all_that_happens_to_it() -> None:
    verifier, lead = UserFactory(verifier=True), UserFactory(lead=True)
    stage = factories.draft()
    assert not Line.objects.exists()
    factories.fill(stage)
    factories.transmit(stage)
    colleague = factories.referent(stage.dossier.legal_entity)

    def ask() -> None:
        due_at = timezone.now() + dt.timedelta(days=7)
        workflow.request_modification(
            factories.fresh(stage), by=verifier, message="Précisez.", remarks={}, due_at=due_at
        )

    def examine() -> None:
        flag(stage)
        lines.rewrite([stage.pk])
        assert line(stage).flags == [FlagKind.REGIONS]
        read = stage.flags.get().raised_at.isoformat()
        workflow.vigilance.examine(stage, FlagKind.REGIONS, by=verifier, note="Vu.", read=read)
        assert line(stage).flags == []

    def go_on() -> None:
        _, objectives = factories.next_stages()
        begun = start(factories.fresh(stage), objectives)
        assert [each.pk for each in Line.objects.all()] == [stage.pk]
        transmit(begun)
        assert [each.pk for each in Line.objects.all()] == [begun.pk]

    actions: list[Callable[[], object]] = [
        lambda: workflow.assignment.take(factories.fresh(stage), by=verifier),
        lambda: workflow.assignment.release(factories.fresh(stage), by=verifier),
        lambda: workflow.assignment.assign(factories.fresh(stage), by=lead, to=verifier),
        ask,
        lambda: factories.save(factories.fresh(stage), track={"value": "3"}),
        lambda: factories.transmit(factories.fresh(stage), at=timezone.now() + SECOND),
        examine,
        lambda: workflow.vigilance.appraise([stage.pk]),
        lambda: workflow.reject(factories.fresh(stage), by=verifier, reason="Hors périmètre."),
        lambda: workflow.reopen(factories.fresh(stage), by=lead, reason="Erreur."),
        lambda: workflow.reassign(factories.fresh(stage), by=lead, to=colleague, reason="Départ."),
        lambda: workflow.validate(factories.fresh(stage), by=verifier),
        go_on,
    ]
    for action in actions:
        action()
        assert exact()
    written = Line.objects.get()
    assert written.referent_name == f"{colleague.last_name} {colleague.first_name}".lower()
    assert written.verifier_id == verifier.pk


def test_a_line_goes_with_its_passage() -> None:
    stage = row()
    row()
    DossierStage.objects.filter(pk=stage.pk).update(is_instructed=False)
    assert Line.objects.count() == 1
    assert exact()


def test_what_other_rooms_change_is_mended_and_counts_are_summed_up() -> None:
    region = RegionFactory(code="84")
    stages = [row(region=region, region_codes=["84"], name="ABEILLES") for _ in range(3)]
    entity = stages[0].dossier.legal_entity
    changes: list[tuple[Callable[[], object], int]] = [
        (lambda: User.objects.filter(pk=stages[1].dossier.referent_id).update(last_name="Zola"), 1),
        (lambda: LegalEntity.objects.filter(pk=entity.pk).update(sort_name="zebres", region_codes=["94"]), 1),
        (lambda: Region.objects.filter(pk="84").update(name="Aura"), 3),
        (lambda: Guichet.objects.update(short_title="POC"), 3),
        (lambda: flag(stages[2]), 1),
        (lambda: Line.objects.filter(pk=stages[0].pk).delete(), 1),
        (lambda: None, 0),
    ]
    for change, mended in changes:
        change()
        assert lines.mend() == mended
        assert exact()
    sets = LineCount.objects.exclude(regions=None)
    assert sorted(sets.values_list("regions", "region", "count")) == [(["84"], "", 2), (["94"], "", 1)]
    others = LineCount.objects.filter(regions=None)
    assert sorted(others.values_list("region", "count")) == [("", 3), ("84", 2), ("94", 1)]


@pytest.mark.parametrize("codes", [[], ["84"], ["11", "84", "93"]])
def test_a_dossier_is_counted_once_in_all_and_once_in_each_of_its_regions(codes: list[str]) -> None:
    reader = UserFactory(verifier=True)
    row(region_codes=codes)
    row(region_codes=["93"])
    assert exact()
    assert queries.counters({}, reader)[""] == 2
    assert queries.counters({"region": "84"}, reader)[""] == ("84" in codes)
    assert queries.counters({"region": "93"}, reader)[""] == 1 + ("93" in codes)
    own = UserFactory(regional=True, regions=[RegionFactory(code="84"), RegionFactory(code="11")])
    assert queries.counters({}, own)[""] == queries.lines({}, own).count() == bool(codes)
    assert (
        queries.counters({"region": "11"}, own)[""] == queries.lines({"region": "11"}, own).count() == ("11" in codes)
    )


def test_a_dossier_that_left_a_region_is_not_shown_there_even_before_its_line_says_so() -> None:
    region = RegionFactory(code="84")
    stage, other = row(region_codes=["84"]), row(region_codes=["84"])
    client = factories.signed_in(UserFactory(regional=True, regions=[region]))
    LegalEntity.objects.filter(pk=stage.dossier.legal_entity_id).update(region_codes=["11"])
    page = client.get("/instruction/").context["page"]
    assert [each.reference for each in page] == [other.dossier.reference]


def test_a_page_far_away_reads_an_index_in_its_order() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO dossiers_line SELECT n, (ARRAY['transmitted', 'validated'])[1 + n % 2], 'essms', '01', ' 84 ',
                   '1', '{}', false, now() - n * interval '1 min', NULL, 'R' || n, 'n' || n % 999, 'p' || n % 4,
                   'r' || n % 18, 'f' || n, 'v' || n % 30, to_tsvector('simple', 'w' || n), 1, NULL,
                   't' || n % 3, now() + n * interval '1 min', now() - n * interval '1 min'
              FROM generate_series(1, 8000) n
            """
        )
        cursor.execute("ANALYZE dossiers_line")
        # Worth it at a hundred thousand: here, that it can be read.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    for sort in both_ways():
        for narrowed in ({}, {"status": "transmitted"}, {"track": "1", "establishment_type": "essms"}):
            found = Line.objects.filter(**narrowed).order_by(*instruction_order(sort))
            plan = found.values_list("pk", flat=True)[1900:1950].explain()
            assert "Index Only Scan" in plan, (sort, narrowed, plan)
            assert "Sort" not in plan, (sort, narrowed, plan)


@pytest.mark.parametrize("kept", [Q(), ~Q(flags=[])], ids=["all", "to examine"])
@pytest.mark.parametrize("sort", both_ways())
def test_a_far_page_sorts_nothing_and_reads_an_index_alone(sort: str, kept: Q) -> None:
    filters = {"status": "transmitted", "regions__contains": " 84 ", "track": "1", "establishment_type": "essms"}
    page = Line.objects.filter(kept, **filters).order_by(*instruction_order(sort)).values_list("pk")[5000:5050]
    with connection.cursor() as cursor:
        # On a table so small, whatever may be done otherwise would be.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    plan = page.explain()
    assert "Index Only Scan" in plan
    assert "Sort" not in plan


# Two connections


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_both_show_in_the_line() -> None:
    stage, verifier = row(), UserFactory(verifier=True)

    def find_a_point() -> None:
        try:
            flag(stage)
            lines.rewrite([stage.pk])
        finally:
            connection.close()

    other = threading.Thread(target=find_a_point)
    with transaction.atomic():
        Dossier.objects.filter(pk=stage.dossier_id).update(verifier=verifier, assigned_at=timezone.now())
        other.start()
        wait_for_somebody_who_waits()
    other.join(10)
    assert (line(stage).verifier_id, line(stage).flags) == (verifier.pk, [FlagKind.REGIONS])
    assert exact()


def wait_for_somebody_who_waits() -> None:
    """Until another connection waits for a lock: ten seconds at most."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("nobody waits")
