import csv
import gzip
import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from establishments import finess
from tests.establishments.factories import finess_number


def test_every_published_number_of_the_samples_is_valid(plus_sample: Path, csv_sample: list[Path]) -> None:
    with gzip.open(plus_sample) as content:
        entities = json.load(content)["pmej"]
    numbers = {entity["informationsGeneralesPMEJ"]["numFinessPm"] for entity in entities}
    numbers |= {site["informationsGeneralesEGE"]["numFinessEge"] for entity in entities for site in entity["ege"]}
    for path in (plus_sample.parent / "eg_demonstration_20210108.csv.gz", csv_sample[1]):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = list(csv.reader(lines, delimiter=";"))[1:]
        numbers |= {field for row in rows for field in row[:3] if len(field) == 9 and field[0].isdigit()}
    assert len(numbers) > 3000
    assert {number[:2] for number in numbers} >= {"01", "2A", "2B", "97"}
    assert [number for number in numbers if not finess.is_valid(number)] == []


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("010000256", "wrong key"),
        ("01000025", "too short"),
        ("0100002550", "too long"),
        ("A10000255", "a letter first"),
        ("0A0000255", "a letter that is not Corsica's"),
        ("2a0000196", "not in capitals"),
        ("010000255\n", "a line end"),
        ("٠١٠٠٠٠٢٥٥", "digits of another script"),
        ("", "nothing"),
    ],
)
def test_number_refused(number: str, why: str) -> None:
    assert not finess.is_valid(number), why


@given(st.integers(0, 999_999), st.sampled_from(["01", "2A", "2B", "75", "97"]), st.integers(2, 8), st.integers(1, 9))
def test_one_wrong_digit_always_breaks_the_key(n: int, prefix: str, position: int, shift: int) -> None:
    number = finess_number(n, prefix)
    wrong = number[:position] + str((int(number[position]) + shift) % 10) + number[position + 1 :]
    assert finess.is_valid(number)
    assert not finess.is_valid(wrong)


def test_number_typed_with_spaces_and_small_letters_is_understood() -> None:
    assert finess.normalise_number(" 2a 000\u00a0019-6 ") == "2A0000196"


@pytest.mark.parametrize(
    ("number", "departement"),
    [("010000255", "01"), ("2A0000196", "2A"), ("970302477", "973"), ("970466728", "974"), ("980500003", "976")],
)
def test_departement_of_a_number(number: str, departement: str) -> None:
    assert finess.departement(number) == departement


@pytest.mark.parametrize(("value", "code"), [("12345", "finess_shape"), ("010000256", "finess_key")])
def test_validator_says_in_french_what_is_wrong(value: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        finess.validate(value)
    assert caught.value.code == code
    assert "FINESS" in caught.value.message


def test_validator_accepts_a_number_as_people_type_it() -> None:
    finess.validate("01 000 0255")
