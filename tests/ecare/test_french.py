"""What the portal's numbers, dates and delays look like in French."""

import datetime as dt
from decimal import Decimal

import phonenumbers
import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from ecare import french

UTC = dt.UTC
# Thursday 4 June 2026, 23:59:59 in Paris, which is two hours ahead of UTC in summer.
CLOSING = dt.datetime(2026, 6, 4, 21, 59, 59, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load french %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "0\u00a0€"),
        (Decimal("18800.00"), "18\u202f800\u00a0€"),
        (Decimal("115600"), "115\u202f600\u00a0€"),
        (Decimal("1234567.5"), "1\u202f234\u202f567,50\u00a0€"),
        (Decimal("0.005"), "0,01\u00a0€"),
        (Decimal("-9400"), "−9\u202f400\u00a0€"),
    ],
)
def test_euros_follow_the_amount_and_cents_show_only_when_there_are_some(amount: Decimal, expected: str) -> None:
    assert french.euros(amount) == expected


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_euros_lose_nothing_of_the_amount(amount: Decimal) -> None:
    text = french.euros(amount).removesuffix("\u00a0€").replace("\u202f", "").replace(",", ".")
    assert Decimal(text) == amount


def test_dates_are_those_of_paris_whatever_the_zone_of_the_value() -> None:
    late_evening_in_utc = dt.datetime(2026, 6, 4, 22, 30, tzinfo=UTC)
    assert french.day(late_evening_in_utc) == "5 juin 2026"
    assert french.day(dt.date(2026, 6, 1)) == "1er juin 2026"
    assert french.short_day(late_evening_in_utc) == "5\u00a0juin\u00a02026"
    assert french.short_day(dt.date(2026, 2, 1)) == "1er\u00a0févr.\u00a02026"
    assert french.weekday(CLOSING) == "jeudi 4 juin 2026"
    assert french.moment(CLOSING) == "jeudi 4 juin 2026 à 23\u00a0h\u00a059, heure de Paris"
    assert french.clock(dt.datetime(2026, 1, 5, 8, 5, tzinfo=UTC)) == "9\u00a0h\u00a005"


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, "moins d'une\u00a0heure"),
        (1, "1\u00a0heure"),
        (24, "1\u00a0jour"),
        (76, "3\u00a0jours et 4\u00a0heures"),
    ],
)
def test_a_duration_is_said_in_days_and_hours(hours: int, expected: str) -> None:
    assert french.duration(hours) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (dt.timedelta(days=12, hours=23), "il reste 12\u00a0jours"),
        (dt.timedelta(days=1), "il reste 1\u00a0jour"),
        (dt.timedelta(hours=23, minutes=59), "il reste 23\u00a0heures"),
        (dt.timedelta(minutes=60), "il reste 1\u00a0heure"),
        (dt.timedelta(minutes=59, seconds=59), "il reste 59\u00a0minutes"),
        (dt.timedelta(seconds=59), "il reste moins d'une minute"),
        (dt.timedelta(0), "le délai est dépassé"),
        (dt.timedelta(days=-3), "le délai est dépassé"),
    ],
)
def test_time_left_is_never_rounded_up(left: dt.timedelta, expected: str) -> None:
    assert french.remaining(CLOSING, now=CLOSING - left) == expected


@pytest.mark.parametrize(
    ("departement", "there"),
    [
        ("75", ""),
        (None, ""),
        ("974", ", soit vendredi 5 juin à 1\u00a0h\u00a059 à La Réunion"),
        ("971", ", soit 17\u00a0h\u00a059 en Guadeloupe"),
        ("988", ", soit vendredi 5 juin à 8\u00a0h\u00a059 en Nouvelle-Calédonie"),
        ("987", ", soit 11\u00a0h\u00a059 en Polynésie française"),
    ],
)
def test_a_deadline_is_said_in_the_time_of_overseas_too(departement: str | None, there: str) -> None:
    """Q39. 4 June 2026 at midnight, Paris."""
    end = dt.datetime(2026, 6, 5, tzinfo=french.PARIS)
    assert french.until(end, departement) == f"jeudi 4 juin 2026 à 23\u00a0h\u00a059, heure de Paris{there}"
    assert render("{{ end|until:code }}", end=end, code=departement) == french.until(end, departement)


def test_every_place_overseas_has_a_clock_of_its_own() -> None:
    end = dt.datetime(2026, 1, 1, tzinfo=french.PARIS)
    assert len(french.OVERSEAS) == 11
    assert all(french.overseas(end, code) for code in french.OVERSEAS)
    assert "soit jeudi 1er janvier à 1" in french.until(end, "976")


def test_plural_begins_at_two() -> None:
    assert french.count(0, "dossier", "dossiers") == "0\u00a0dossier"
    assert french.count(1, "dossier", "dossiers") == "1\u00a0dossier"
    assert french.count(2_082, "dossier", "dossiers") == "2\u202f082\u00a0dossiers"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "1\u00a0octet"),
        (900, "900\u00a0octets"),
        (1536, "1,5\u00a0Ko"),
        (3_355_443, "3,2\u00a0Mo"),
        (50 * 1024 * 1024, "50\u00a0Mo"),
        (3 * 1024**3, "3\u00a0Go"),
    ],
)
def test_sizes(number: int, expected: str) -> None:
    assert french.size(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+33101010101", "01\u00a001\u00a001\u00a001\u00a001"),
        ("+262262123456", "0262\u00a012\u00a034\u00a056"),
        ("+3225551212", "+32\u00a02\u00a0555\u00a012\u00a012"),
        ("poste 12", "poste 12"),
        (None, ""),
    ],
)
def test_phones_read_as_they_are_dialled_from_france(number: str | None, expected: str) -> None:
    assert french.phone(number) == expected


@pytest.mark.parametrize("first", "123456789")
def test_the_short_way_of_usual_numbers_says_what_the_library_says(first: str) -> None:
    number = phonenumbers.parse(f"+33{first}23456789")
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert french.phone(f"+33{first}23456789") == expected.replace(" ", "\u00a0")


def test_iban_is_grouped_by_four_however_it_was_typed() -> None:
    assert french.iban("FR7630006000011234567890189") == "FR76 3000 6000 0112 3456 7890 189"
    assert french.iban("FR76 3000 6000 0112 3456 7890 189") == "FR76 3000 6000 0112 3456 7890 189"


@pytest.mark.parametrize(
    "name", ["euros", "integer", "day", "weekday", "clock", "moment", "remaining", "iban", "finess"]
)
def test_filters_leave_an_empty_value_empty(name: str) -> None:
    assert render("{{ value|" + name + " }}", value=None) == ""


def test_filters_write_what_the_functions_do() -> None:
    assert render("{{ amount|euros }}", amount=Decimal("102000")) == "102\u202f000\u00a0€"
    assert render('{{ total|count:"dossier,dossiers" }}', total=3) == "3\u00a0dossiers"
    assert render("{{ name|quoted }}", name="<b>") == "«\u00a0&lt;b&gt;\u00a0»"
    assert render("{{ number|finess }}", number="010000255") == "010000255"


@pytest.mark.parametrize(
    ("texts", "expected"), [(["A"], "A"), (["A", "B"], "A ou B"), (iter(["A", "B", "C"]), "A, B ou C")]
)
def test_alternatives_are_said_in_one_phrase(texts: list[str], expected: str) -> None:
    assert french.either(texts) == expected
