"""The ceiling of the aids de minimis (F3, Q&A 3.4): three rolling years, this subsidy included."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dossiers import de_minimis
from ecare import french
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import subsidies

TODAY = dt.date(2026, 11, 26)


def row(
    on: dt.date | str | None = TODAY, amount: str = "1000.00", body: str = "ARS", basis: str = ""
) -> dict[str, Any]:
    return {"date": str(on) if on else None, "amount": amount, "body": body, "basis": basis}


def received(*rows: dict[str, Any], on: dt.date = TODAY) -> Decimal:
    return de_minimis.position(rows, subsidy=Decimal(0), on=on).received


@pytest.mark.parametrize(
    ("day", "last_out", "first_in"),
    [
        ("2026-11-26", "2023-11-26", "2023-11-27"),
        # Years that end on a leap day, on its eve, on its morrow.
        ("2028-02-29", "2025-02-28", "2025-03-01"),
        ("2028-02-28", "2025-02-28", "2025-03-01"),
        ("2027-02-28", "2024-02-28", "2024-02-29"),
        ("2027-03-01", "2024-03-01", "2024-03-02"),
        ("2026-12-31", "2023-12-31", "2024-01-01"),
    ],
)
def test_exactly_three_years(day: str, last_out: str, first_in: str) -> None:
    on = dt.date.fromisoformat(day)
    assert str(de_minimis.first_day(on)) == first_in
    assert received(row(last_out), on=on) == 0
    assert received(row(first_in), on=on) == received(row(on), on=on) == 1000
    assert received(row(on + dt.timedelta(days=1)), on=on) == 0


def test_the_ceiling_may_be_reached_and_not_passed() -> None:
    reached = de_minimis.position([row(amount="281200.00")], subsidy=Decimal("18800.00"), on=TODAY)
    assert (reached.total, reached.margin, reached.excess) == (300_000, 0, 0)
    passed = de_minimis.position([row(amount="281200.01")], subsidy=Decimal("18800.00"), on=TODAY)
    assert (passed.margin, passed.excess, passed.most) == (0, Decimal("0.01"), Decimal("18799.99"))


def test_only_the_regime_counts_and_each_aid_left_out_says_why() -> None:
    position = de_minimis.position(
        [
            row(amount="10.00"),
            row(None, amount="5.00"),
            row(amount="999999.00", basis="Programme ESMS Numérique"),
            row("2020-01-01", amount="999999.00"),
            row("2027-01-01", amount="999999.00"),
            {"date": None, "amount": None, "body": "ARS"},
        ],
        subsidy=Decimal(100),
        on=TODAY,
    )
    assert (position.received, position.total, position.margin) == (15, 115, 299_885)
    assert [aid.left_out for aid in position.left_out] == [
        "le programme ESMS numérique ne relève pas du régime de minimis",
        "octroyée avant le 27 novembre 2023",
        "datée d'après le 26 novembre 2026",
    ]


DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))
CENTS = st.decimals(0, 400_000, places=2)


@given(
    aids=st.lists(st.tuples(DAYS, CENTS, st.booleans()), max_size=5),
    subsidy=CENTS,
    on=DAYS,
)
def test_whatever_is_declared_the_figures_agree(
    aids: list[tuple[dt.date, Decimal, bool]], subsidy: Decimal, on: dt.date
) -> None:
    rows = [row(day, str(amount), basis="ESMS numérique" if other else "") for day, amount, other in aids]
    position = de_minimis.position(rows, subsidy=subsidy, on=on)
    # The day one turns three: the same day of the month, or the last day of February.
    expected = sum(
        (
            amount
            for day, amount, other in aids
            if not other and day <= on and (day.year + 3, day.month, day.day) > (on.year, on.month, on.day)
        ),
        Decimal(0),
    )
    assert position.received == expected
    assert position.total == position.received + subsidy
    assert position.margin - position.excess == position.ceiling - position.total
    assert min(position.margin, position.excess) == 0
    assert (position.excess == 0) == (subsidy <= position.most or position.total <= position.ceiling)
    # What may be granted at most is never too much.
    if position.received <= position.ceiling:
        assert not de_minimis.position(rows, subsidy=position.most, on=on).excess


def aids(amount: str, on: dt.date) -> dict[str, str]:
    return {"date_1": str(on), "amount_1": amount, "body_1": "ARS", "basis_1": "Règlement 2023/2831"}


@pytest.mark.django_db
def test_the_referent_reads_the_margin_at_once_in_the_form_and_in_the_recap() -> None:
    stage = factories.fill(factories.draft())
    browser, reference = pages.owner(stage), stage.dossier.reference
    shown = browser.get(reverse("dossiers:form", args=[reference]))
    form = pages.text(shown)
    assert "aucune aide déclarée" in form
    assert "Marge restante 281 200 €" in form

    address = reverse("dossiers:answer", args=[reference, "de_minimis"])
    sent = {f"de_minimis-{name}": text for name, text in aids("290 000", timezone.localdate()).items()}
    base = re.search(r'id="base-de_minimis" value="([^"]*)"', shown.content.decode())
    assert base
    sent["de_minimis-base"] = base[1]
    live = pages.text(browser.post(address, sent))
    assert "Le plafond serait dépassé de 8 800 €." in live
    assert "au-delà de 10 000 €" in live
    recap = pages.text(browser.get(reverse("dossiers:recap", args=[reference])))
    assert "Aides de minimis depuis le" in recap
    assert "Marge restante 0 €" in recap


@pytest.mark.django_db
def test_somebody_with_many_aids_declares_them_all_without_script() -> None:
    """The page gives blank rows each time those that it had are filled, and counts every one (Q&A 3.4)."""
    stage = factories.fill(factories.draft())
    browser = pages.owner(stage)
    raw: dict[str, str] = {}
    for page_of_three in range(4):
        page = browser.get(pages.url("form", stage))
        rows = [3 * page_of_three + place for place in (1, 2, 3)]
        for row_number in rows:
            assert f'name="de_minimis-amount_{row_number}"' in page.content.decode()
            one = aids("20 000", timezone.localdate())
            raw |= {f"{name.removesuffix('_1')}_{row_number}": text for name, text in one.items()}
        sent = pages.typed(page, de_minimis=raw) | {"upload": "de_minimis"}
        assert browser.post(pages.url("form", stage), sent, follow=True).status_code == 200
    recap = pages.text(browser.get(pages.url("recap", stage)))
    assert "12 aides déclarées" in recap
    assert f"Aides de minimis depuis le {french.day(de_minimis.first_day(timezone.localdate()))} 240 000 €" in recap
    assert "Marge restante 41 200 €" in recap


@pytest.mark.django_db
def test_the_verifier_reads_it_today_then_as_on_the_day_of_the_grant() -> None:
    with time_machine.travel("2026-05-04T10:00:00+02:00"):
        verifier = UserFactory(verifier=True)
        given_on = dt.date(2023, 5, 10)
        stage = factories.validated(verifier=verifier, overrides={"de_minimis": aids("290 000", given_on)})
    address = reverse("dossiers:instruction-dossier", args=[stage.dossier.reference])
    with time_machine.travel("2026-05-05T10:00:00+02:00"):
        page = pages.text(factories.signed_in(verifier).get(address))
        assert "Aides de minimis depuis le 6 mai 2023 290 000 €" in page
        assert "Le plafond serait dépassé de 8 800 €." in page
        subsidies.granted(stage, verifier=verifier, amount=Decimal(10_000), reason="Plafond de minimis.")
    with time_machine.travel("2026-07-01T10:00:00+02:00"):
        page = pages.text(factories.signed_in(verifier).get(address))
        assert "Aides de minimis depuis le 6 mai 2023 290 000 €" in page
        assert "Cette subvention 10 000 €" in page
        assert "Marge restante 0 €" in page
        assert "serait dépassé" not in page


@pytest.mark.django_db
def test_a_form_that_asks_for_no_aids_says_nothing_of_them() -> None:
    stage = factories.draft(stage=factories.guichet().stages.get())
    page = pages.text(pages.owner(stage).get(reverse("dossiers:form", args=[stage.dossier.reference])))
    assert "Plafond des aides" not in page
