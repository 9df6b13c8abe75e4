"""The kinds of questions: what was typed, what it means, and how it is said."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from dossiers import kinds
from dossiers.kinds import Raw
from dossiers.models import Question
from ecare import french
from establishments.models import LegalEntity
from tests.dossiers import factories

CHOICES = {
    "choices": [
        {"value": "a", "label": "Premier"},
        {"value": "b", "label": "Second"},
        {"value": "other", "label": "Autre", "text": True},
    ],
    "columns": [{"code": "item", "label": "Poste", "kind": "text"}],
}


def question(kind: str, **fields: Any) -> Question:
    return Question(code="asked", kind=kind, label="La question", short_label="Question", **fields)


def clean(asked: Question, raw: Raw, entity: LegalEntity | None = None) -> Any:
    return kinds.of(asked).clean(asked, raw, kinds.Context(entity or LegalEntity()))


def said(asked: Question, value: Any) -> list[tuple[str, str]]:
    return [(line.label, line.text) for line in kinds.of(asked).lines(asked, value)]


def errors(asked: Question, raw: Raw) -> dict[str, list[str]]:
    form = kinds.of(asked).bound_form(asked, raw, kinds.Context(LegalEntity()))
    return {name: [str(error) for error in each] for name, each in form.errors.items()}


def test_every_kind_has_a_code_and_a_name_of_its_own() -> None:
    assert all(code == kind.code for code, kind in kinds.KINDS.items())
    assert len({kind.name for kind in kinds.KINDS.values()}) == len(kinds.KINDS)


@pytest.mark.parametrize("kind", [code for code in kinds.KINDS if code != "perimeter"])
def test_nothing_typed_means_nothing(kind: str) -> None:
    assert clean(question(kind, options=CHOICES), {}) is None


# What was typed


def typed(kind: str, body: str) -> Raw:
    asked = question(kind, options=CHOICES)
    return kinds.of(asked).raw_from(asked, QueryDict(body))


@pytest.mark.parametrize(
    ("kind", "body", "raw"),
    [
        ("short_text", "asked-value=Bonjour", {"value": "Bonjour"}),
        ("short_text", "asked-value=", {}),
        ("short_text", "asked-value=%20%09%0A", {}),
        ("short_text", "asked-value=%20a%20", {"value": " a "}),
        ("short_text", "asked-value=un&asked-value=deux", {"value": "deux"}),
        ("short_text", "other-value=x&asked=x&asked-unknown=x&asked-base=x", {}),
        ("short_text", "asked-value=a%00b%00", {"value": "ab"}),
        ("short_text", "asked-value=%00", {}),
        ("short_text", "asked-value=%E2%80%8B%EF%BB%BF%20", {}),
        ("short_text", "asked-value=%E2%80%AEtnom%E2%80%AC%1B%C2%A0%E2%82%AC", {"value": "tnom\u00a0€"}),
        ("contact", "asked-last_name=%E2%81%A0&asked-first_name=L%C3%A9%E2%80%8Ba", {"first_name": "Léa"}),
        ("long_text", "asked-value=a%09b%0A%0Ac%E2%80%A8d", {"value": "a\tb\n\nc\u2028d"}),
        ("short_text", "asked-value=%ED%A0%80", {"value": "\ufffd\ufffd\ufffd"}),
        ("long_text", "asked-value=a%0D%0Ab%0Ac", {"value": "a\nb\nc"}),
        ("multiple_choice", "asked-value=b&asked-value=a&asked-value=", {"value": ["a", "b"]}),
        ("perimeter", "asked-sites=2&asked-sites=1&asked-equipped=2", {"equipped": ["2"], "sites": ["1", "2"]}),
        ("files", "asked-value=x&asked-files=x", {}),
        ("contact", "asked-phone=12&asked-email=&asked-nickname=x", {"phone": "12"}),
    ],
)
def test_what_was_typed_is_kept_as_it_is(kind: str, body: str, raw: Raw) -> None:
    assert typed(kind, body) == raw


@given(st.dictionaries(st.sampled_from(["asked-value", "asked-text", "asked-\x00"]), st.text(), max_size=3))
def test_whatever_is_typed_can_be_stored_and_recognised(data: dict[str, str]) -> None:
    """PostgreSQL takes it, and what comes back from JSON has the fingerprint of what went in."""
    post = QueryDict(mutable=True)
    for name, text in data.items():
        post[name] = text.encode("utf-8", "replace").decode()
    asked = question("single_choice", options=CHOICES)
    raw = kinds.of(asked).raw_from(asked, post)
    stored = json.loads(json.dumps(raw))
    assert "\\u0000" not in json.dumps(raw)
    assert kinds.digest(stored) == kinds.digest(raw)
    clean(asked, raw)  # never raises


def test_a_fingerprint_tells_answers_apart() -> None:
    answers: list[Raw] = [{}, {"value": "a"}, {"value": ["a"]}, {"value": "b"}, {"text": "a"}, {"value": "à"}]
    assert len({kinds.digest(raw) for raw in answers}) == len(answers)
    assert kinds.digest({"value": "a", "text": "b"}) == kinds.digest({"text": "b", "value": "a"})


# Commitments, choices and texts


@pytest.mark.parametrize(("raw", "value"), [({"value": "on"}, True), ({"value": "false"}, None), ({}, None)])
@pytest.mark.parametrize("mandatory", [True, False])
def test_commitment(raw: Raw, value: bool | None, mandatory: bool) -> None:
    assert clean(question("commitment", mandatory=mandatory), raw) is value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"value": "a"}, {"choice": "a"}),
        ({"value": "a", "text": "gardé mais inutile"}, {"choice": "a"}),
        ({"value": "other", "text": " Juriste "}, {"choice": "other", "text": "Juriste"}),
        ({"value": "other"}, None),
        ({"value": "other", "text": "x" * 201}, None),
        ({"value": "z"}, None),
        ({"text": "seul"}, None),
    ],
)
@pytest.mark.parametrize("mandatory", [True, False])
def test_single_choice(raw: Raw, value: Any, mandatory: bool) -> None:
    asked = question("single_choice", options=CHOICES, mandatory=mandatory)
    assert clean(asked, raw) == value
    if value is None:
        assert errors(asked, raw), "the page says why"


def test_a_choice_is_said_by_its_label() -> None:
    asked = question("single_choice", options=CHOICES)
    assert said(asked, {"choice": "b"}) == [("", "Second")]
    assert said(asked, {"choice": "other", "text": "Juriste"}) == [("", "Autre : Juriste")]
    assert said(asked, {"choice": "no longer offered"}) == [("", "no longer offered")]


@pytest.mark.parametrize(
    ("raw", "value"), [({"value": ["a", "b"]}, ["a", "b"]), ({"value": ["a", "z"]}, None), ({"value": ["b"]}, ["b"])]
)
def test_multiple_choice(raw: Raw, value: Any) -> None:
    asked = question("multiple_choice", options=CHOICES)
    assert clean(asked, raw) == value
    assert said(asked, ["a", "b"]) == [("", "Premier, Second")]


@pytest.mark.parametrize(("kind", "limit"), [("short_text", 250), ("long_text", 5000)])
def test_a_text_has_a_limit_and_says_how_to_keep_to_it(kind: str, limit: int) -> None:
    asked = question(kind)
    assert clean(asked, {"value": "é" * limit}) == "é" * limit
    assert clean(asked, {"value": "é" * (limit + 1)}) is None
    [message] = errors(asked, {"value": "é" * (limit + 1)})["value"]
    assert f"{limit + 1} caractères" in message
    assert f"à {limit} caractères" in message
    assert clean(question(kind, options={"max_length": 3}), {"value": "four"}) is None


# Contacts


@pytest.mark.parametrize(
    ("phone", "stored"),
    [
        ("01 23 45 67 89", "+33123456789"),
        ("+33 1 23 45 67 89", "+33123456789"),
        ("+262 262 12 34 56", "+262262123456"),
        ("01.23.45.67.89", "+33123456789"),
    ],
)
def test_a_phone_number_is_stored_one_way(phone: str, stored: str) -> None:
    assert clean(question("contact"), factories.contact(phone=phone))["phone"] == stored


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("phone", "0123456"),
        ("phone", "numéro"),
        ("phone", "01 23 45 67 89 poste 4 5 6 7"),
        ("email", "zoe.durand"),
        ("email", "zoe@exemple"),
        ("email", "zoe@exemple.fr, paul@exemple.fr"),
        ("civility", "docteur"),
        ("last_name", "x" * 101),
    ],
)
def test_a_contact_with_a_wrong_field_is_no_answer_and_says_which(field: str, text: str) -> None:
    raw = factories.contact(**{field: text})
    assert clean(question("contact"), raw) is None
    assert set(errors(question("contact"), raw)) == {field}


@pytest.mark.parametrize("field", ["civility", "last_name", "first_name", "position", "email", "phone"])
def test_a_contact_needs_every_field(field: str) -> None:
    raw = factories.contact()
    del raw[field]
    assert clean(question("contact"), raw) is None
    assert set(errors(question("contact"), raw)) == {field}


def test_a_contact_in_words() -> None:
    asked = question("contact")
    assert said(asked, clean(asked, factories.contact())) == [
        ("Nom", "Madame Zoé Durand"),
        ("Fonction", "Responsable informatique"),
        ("Adresse e-mail", "zoe.durand@exemple.fr"),
        ("Téléphone", "01 23 45 67 89".replace(" ", "\N{NO-BREAK SPACE}")),
    ]


# Bank details


def bank(**fields: str) -> Raw:
    return {"holder": "Association", "iban": factories.IBAN, "bic": factories.BIC, **fields}


@pytest.mark.parametrize(
    "iban",
    [
        "FR7630006000011234567890189",
        "fr76 3000 6000 0112 3456 7890 189",
        "FR76\u00a03000\u00a06000\u00a00112\u00a03456\u00a07890\u00a0189",
        "DE89 3704 0044 0532 0130 00",
    ],
)
def test_a_right_iban_is_stored_one_way(iban: str) -> None:
    stored = clean(question("bank"), bank(iban=iban))["iban"]
    assert stored == "".join(iban.split()).upper()


@pytest.mark.parametrize(
    "iban",
    [
        "FR76 3000 6000 0112 3456 7890 188",  # key
        "FR76 3000 6000 0112 3456 7890 18",
        "FR67 3000 6000 0112 3456 7890 189",  # two figures swapped
        "XX76 3000 6000 0112 3456 7890 189",
        "9" * 50,
        "voir RIB",
    ],
)
def test_a_wrong_iban_is_no_answer(iban: str) -> None:
    assert clean(question("bank"), bank(iban=iban)) is None
    assert set(errors(question("bank"), bank(iban=iban))) == {"iban"}


@pytest.mark.parametrize(
    ("bic", "stored"), [("agrifrpp", "AGRIFRPP"), ("AGRI FR PP XXX", "AGRIFRPPXXX"), ("AGRI\u00a0FRPP", "AGRIFRPP")]
)
def test_a_right_bic_is_stored_one_way(bic: str, stored: str) -> None:
    assert clean(question("bank"), bank(bic=bic))["bic"] == stored


@pytest.mark.parametrize("bic", ["AGRIFR", "AGRIZZPP", "12345678", "AGRIFRPPXX", "?"])
def test_a_wrong_bic_is_no_answer(bic: str) -> None:
    assert clean(question("bank"), bank(bic=bic)) is None


def test_an_iban_is_said_by_groups_and_masked_on_paper() -> None:
    """Q60."""
    asked = question("bank")
    value = clean(asked, bank())
    iban = dict(said(asked, value))["IBAN"]
    assert "".join(iban.split()) == "FR7630006000011234567890189"
    printed = {line.label: line.text for line in kinds.of(asked).printed_lines(asked, value)}
    assert printed["IBAN"] == "masqué, se terminant par 0189"


# Aids


def aid(**fields: str) -> Raw:
    row = {"date": "15/03/2025", "amount": "12 500,50", "body": "ARS", "basis": "Règlement 2023/2831"} | fields
    return {f"{name}_1": text for name, text in row.items() if text}


@pytest.mark.parametrize(
    ("amount", "stored"),
    [
        ("12 500,50", "12500.50"),
        ("12\u00a0500,50", "12500.50"),
        ("12\u202f500,50\u00a0€", "12500.50"),
        ("12500.50", "12500.50"),
        ("0,01", "0.01"),
    ],
)
def test_an_amount_is_exact(amount: str, stored: str) -> None:
    [row] = clean(question("aids"), aid(amount=amount))["aids"]
    assert row["amount"] == stored
    assert row["date"] == "2025-03-15"


@pytest.mark.parametrize(
    "fields",
    [
        {"date": "31/02/2025"},
        {"date": "mars 2025"},
        {"date": ""},
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "12,345"},
        {"amount": "99999999999"},
        {"amount": "environ 500"},
        {"body": ""},
        {"basis": ""},
    ],
)
def test_an_aid_is_whole_or_it_is_no_answer(fields: dict[str, str]) -> None:
    assert clean(question("aids"), aid(**fields)) is None
    found = errors(question("aids"), aid(**fields))
    assert [name.rpartition("_")[0] for name in found] == list(fields)
    assert all(message.startswith("Ligne 1") for messages in found.values() for message in messages)


def test_an_aid_begun_names_each_thing_that_misses() -> None:
    found = errors(question("aids"), aid(date="", body=""))
    assert [message for messages in found.values() for message in messages] == [
        "Ligne 1 : renseignez « Date d'octroi », ou videz toute la ligne.",
        "Ligne 1 : renseignez « Organisme », ou videz toute la ligne.",
    ]


def test_aids_skip_blank_rows_and_are_said_in_words() -> None:
    asked = question("aids")
    raw = {**aid(), **{name.replace("_1", "_4"): text for name, text in aid(amount="1000").items()}}
    value = clean(asked, raw)
    assert [row["amount"] for row in value["aids"]] == ["12500.50", "1000.00"]
    assert french.day(dt.date(2025, 3, 15)) in said(asked, value)[0][1]
