"""Statistics equal a recount made apart, dossier by dossier, by other means than theirs (I9)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from dossiers import charts, queries
from dossiers.enums import RegionalRole, Status
from dossiers.models import DailyTally, DossierStage, Guichet, Tally
from dossiers.queries.statistics import Period, Share, Statistics, percentile, periods
from dossiers.workflow import tallies
from funding.models import Grant
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import RegionFactory

URL = "/statistiques/"
PARIS = ZoneInfo("Europe/Paris")
AT = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def statistics(user: User, stage: DossierStage) -> Statistics:
    tallies.refresh(timezone.now())
    return Statistics(user, queries.counted_stages(stage.dossier.guichet, user), stage.stage)


def campaign() -> list[DossierStage]:
    """Dossiers of every status, over two régions and three months, some of them asked for a modification twice."""
    made = []
    statuses = [*Status, Status.VALIDATED, Status.VALIDATED]
    for number in range(42):
        status = statuses[number % len(statuses)]
        at = AT + dt.timedelta(hours=51 * number)
        stage = row(
            status,
            transmitted_at=at,
            region_codes=["84"] if number % 3 else ["11", "84"],
            estimate={"track": str(number % 2 + 1), "total": str(Decimal("1000.50") * (number + 1))},
        )
        entity = stage.dossier.legal_entity
        entity.region = RegionFactory(code="84" if number % 2 else "11")
        entity.save()
        transmission = stage.transmissions.first()
        if transmission is not None and status in {Status.VALIDATED, Status.REJECTED}:
            DossierStage.objects.filter(pk=stage.pk).update(decided_at=at + dt.timedelta(hours=100 + 7 * number))
            for asked_after in (10, 50)[: number % 3]:
                asked = at + dt.timedelta(hours=asked_after)
                stage.modification_requests.create(
                    transmission=transmission,
                    message="Complétez.",
                    due_at=asked + dt.timedelta(days=7),
                    by=stage.dossier.referent,
                    at=asked,
                    answered_at=asked + dt.timedelta(hours=3 + number, minutes=20),
                )
        made.append(factories.fresh(stage))
    validated = [stage for stage in made if stage.status == Status.VALIDATED]
    for number, stage in enumerate(validated):
        give(stage, number)
    return made


def give(stage: DossierStage, number: int) -> None:
    """A subsidy in turn as estimated, corrected, lowered by a control, lowered to nothing; the fifth waits."""
    transmission = stage.transmissions.get()
    estimated = Decimal(transmission.estimate["total"])
    amount = estimated - 300 if number % 5 == 1 else estimated
    if number % 5 < 4:
        Grant.objects.create(
            dossier=stage.dossier,
            dossier_stage=stage,
            transmission=transmission,
            estimated=estimated,
            amount=amount,
            reason="Un site retiré." if amount != estimated else "",
            ceiling=[amount, amount, amount - 450, Decimal(0)][number % 5],
            payable=0,
            needs_agreement=False,
            granted_by=stage.dossier.referent,
        )


@pytest.mark.django_db
def test_every_figure_equals_a_recount_made_dossier_by_dossier() -> None:
    stages = campaign()
    found = statistics(UserFactory(verifier=True), stages[0])
    asked: dict[str, Decimal] = {}
    granted: dict[str, Decimal] = {}
    granted_by_track: dict[str, Decimal] = {}
    counted: Counter[str] = Counter()
    tracks: Counter[str] = Counter()
    days: dict[dt.date, list[int]] = {}
    hours = []
    for stage in stages:
        if stage.status == Status.DRAFT:
            continue
        region = stage.dossier.legal_entity.region_id
        transmission = stage.transmissions.get()
        counted[region] += 1
        track = transmission.estimate["track"]
        tracks[track] += 1
        amount = Decimal(transmission.estimate["total"])
        asked[region] = asked.get(region, Decimal()) + amount
        subsidy = Grant.objects.filter(dossier=stage.dossier).first()
        granted[region] = granted.get(region, Decimal()) + (subsidy.ceiling if subsidy else 0)
        granted_by_track[track] = granted_by_track.get(track, Decimal()) + (subsidy.ceiling if subsidy else 0)
        days.setdefault(stage.first_transmitted_at.astimezone(PARIS).date(), [0, 0])[0] += 1
        if stage.decided_at:
            days.setdefault(stage.decided_at.astimezone(PARIS).date(), [0, 0])[1] += 1
            spent = stage.decided_at - stage.first_transmitted_at
            for request in stage.modification_requests.all():
                spent -= request.answered_at - request.at
            hours.append(math.floor(max(spent.total_seconds(), 0) / 3600))
    hours.sort()
    by_status = Counter(stage.status for stage in stages)
    assert found.step.by_status == by_status
    assert [count for _, count in found.step.funnel] == [
        42,
        42 - by_status[Status.DRAFT],
        by_status[Status.VALIDATED] + by_status[Status.REJECTED],
        by_status[Status.VALIDATED],
    ]
    assert {share.code: share.count for share in found.regions} == counted
    assert {share.code: share.asked for share in found.regions} == asked
    assert {share.code: share.granted for share in found.regions} == granted
    assert {share.code: share.count for share in found.tracks} == tracks
    assert {share.code: share.granted for share in found.tracks} == granted_by_track
    assert 0 < found.granted < sum(each.estimated for each in Grant.objects.all())
    assert (found.asked, found.granted) == (sum(asked.values()), sum(granted.values()))
    assert {day: [transmitted, decided] for day, transmitted, decided in found.days} == days
    assert found.median == hours[math.ceil(len(hours) / 2) - 1]
    assert found.ninety == hours[math.ceil(len(hours) * 0.9) - 1]
    assert sum(period.transmitted for period in found.periods) == sum(counted.values())


@pytest.mark.django_db
def test_an_instructeur_regional_counts_what_he_may_read() -> None:
    """A dossier with a site in his région, though its EJ is elsewhere; nothing of a guichet closed to régions."""
    stages = campaign()
    user = UserFactory(regional=True, regions=[RegionFactory(code="11")])
    own = [each for each in stages if "11" in each.dossier.legal_entity.region_codes]
    assert 0 < len(own) < len(stages)
    assert statistics(user, stages[0]).step.by_status == Counter(each.status for each in own)
    client = factories.signed_in(user)
    assert client.get(URL, {"guichet": "poc-essms"}).context["statistics"].step.begun == len(own)
    Guichet.objects.filter(code="poc-essms").update(regional_role=RegionalRole.NONE)
    assert client.get(URL, {"guichet": "poc-essms"}).status_code == 404
    assert client.get(f"{URL}chiffres.csv", {"guichet": "poc-essms"}).status_code == 404


@pytest.mark.django_db
def test_the_page_says_when_and_what_and_the_file_says_the_same() -> None:
    stage = factories.validated()
    client = factories.signed_in(UserFactory(lead=True))
    assert "pas encore calculés" in client.get(URL).content.decode()
    tallies.refresh(timezone.now())
    page = client.get(URL).content.decode()
    assert "Chiffres arrêtés le" in page
    assert "11\u202f000" in page or "18\u202f800" in page
    lines = list(csv.reader(io.StringIO(client.get(f"{URL}chiffres.csv").content.decode("utf-8-sig")), delimiter=";"))
    assert lines[0] == ["Tableau", "Ligne", "Mesure", "Valeur"]
    assert ["Étapes", stage.stage.title, "Validés", "1"] in lines
    assert client.get(URL, {"guichet": "nulle-part"}).status_code == 404
    assert client.get(URL, {"etape": "nulle-part"}).status_code == 404


@pytest.mark.django_db
def test_the_page_costs_the_same_at_any_volume_and_counting_twice_changes_nothing() -> None:
    client = factories.signed_in(UserFactory(verifier=True))
    costs = []
    for size in (1, 3, 30):
        while DossierStage.objects.count() < size:
            row()
        tallies.refresh(timezone.now())
        costs.append(pages.cost(lambda: client.get(URL)))
    assert costs[0] == costs[1] == costs[2] <= 12
    assert Tally.objects.filter(regions=None).count() == 1, "whoever reads everything adds up as few rows at any volume"
    before = list(Tally.objects.values_list("stage", "status", "count", "amount"))
    tallies.refresh(timezone.now())
    assert list(Tally.objects.values_list("stage", "status", "count", "amount")) == before
    assert queries.tallied_at() is not None


@pytest.mark.django_db
def test_a_day_is_one_of_paris() -> None:
    row(transmitted_at=dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC))  # half past midnight on the 2nd
    tallies.refresh(timezone.now())
    assert DailyTally.objects.get(regions=None).day == dt.date(2026, 7, 2)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(values: list[int], percent: int) -> None:
    value = percentile(sorted(Counter(values).items()), percent)
    assert value in values
    assert sum(each <= value for each in values) * 100 >= len(values) * percent
    assert sum(each < value for each in values) * 100 < len(values) * percent
    assert percentile([], percent) is None


@given(
    st.dictionaries(
        st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), st.tuples(st.integers(0, 9), st.integers(0, 9))
    )
)
def test_periods_follow_one_another_and_lose_nothing(days: dict[dt.date, tuple[int, int]]) -> None:
    found = periods([(day, *counts) for day, counts in sorted(days.items())])
    assert sum(each.transmitted for each in found) == sum(transmitted for transmitted, _ in days.values())
    assert sum(each.decided for each in found) == sum(decided for _, decided in days.values())
    for before, after in pairwise(found):
        assert after.first == before.last + dt.timedelta(days=1)
    if (max(days, default=AT.date()) - min(days, default=AT.date())).days >= 62:
        assert {each.first.weekday() for each in found} == {0}
    drawn = charts.columns(found)
    assert all(each.x >= 0 and each.beside + each.width <= 100.01 for each in drawn)
    assert all(bool(each.transmitted) == bool(each.period.transmitted) for each in drawn)


def test_every_region_of_the_register_has_its_shape_and_its_count() -> None:
    with (settings.BASE_DIR / "fixtures/reference/regions_departements.csv").open(encoding="utf-8") as known:
        rows = list(csv.DictReader(known, delimiter=";"))
    # A collectivité that is no région, of three digits, stands in the table alone.
    names = {row["code_region"]: row["region"] for row in rows if len(row["code_region"]) == 2}
    none = Decimal(0)
    shares = [Share("84", "", 5, none, none), Share("06", "", 1, none, none)]
    drawn = {region.code: region for region in charts.regions(shares, names)}
    assert {code: region.name for code, region in drawn.items()} == names
    assert (drawn["84"].level, drawn["06"].level, drawn["11"].level) == (5, 1, 0)
    found = finders.find("img/regions.svg")
    assert isinstance(found, str)
    assert set(re.findall(r'<path id="region-(\d\d)"', Path(found).read_text())) == set(drawn)


def test_a_period_without_a_dossier_has_no_height() -> None:
    assert charts.columns([Period(AT.date(), AT.date(), 0, 0)])[0].transmitted == 0
