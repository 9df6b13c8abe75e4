"""Any form, and anything that people may answer to it: Hypothesis strategies without a database.

`forms()` draws the description of a sound form, as a guichet file writes it; `typed(description)` what its question may
be answered; `answered()` both, with some files.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from dossiers import kinds
from dossiers.kinds import Raw
from dossiers.kinds.base import cleared
from dossiers.models import Question
from tests.dossiers import factories

Description = dict[str, Any]

#: Left out of what is typed, as `cleared` does; and the ends of lines that it makes one.
UNSEEN = "".join(letter for letter in map(chr, range(0x10000)) if letter == "\r" or not cleared(letter))
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters=UNSEEN)
#: What is typed is never blank: see `Kind.raw_from`.
TEXTS = st.text(LETTERS, min_size=1, max_size=12).filter(str.strip)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)).map(dt.date.isoformat)
NUMBERS = st.integers(0, 5000).map(str) | st.decimals(0, 5000, places=2).map(lambda each: f"{each:f}".replace(".", ","))
CODES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
SITES = ("750000018", "750000026")
KINDS = sorted(kinds.KINDS)


@st.composite
def choices(draw: st.DrawFn, *, text: bool) -> list[dict[str, Any]]:
    """The answers of a choice; some ask for a free text when `text` allows it."""
    values = draw(st.lists(CODES, min_size=1, max_size=3, unique=True))
    return [
        {"value": value, "label": value.upper(), **({"text": True} if text and draw(st.booleans()) else {})}
        for value in values
    ]


@st.composite
def columns(draw: st.DrawFn) -> list[dict[str, Any]]:
    codes = draw(st.lists(CODES, min_size=1, max_size=3, unique=True))
    natures = [draw(st.sampled_from(["text", "number", "amount", "date", "choice"])) for _ in codes]
    return [
        {
            "code": code,
            "label": code.upper(),
            "kind": nature,
            **({"choices": ["Oui", "Non"]} if nature == "choice" else {}),
            # The first column stays mandatory: a row needs one.
            **({"optional": True} if index and draw(st.booleans()) else {}),
        }
        for index, (code, nature) in enumerate(zip(codes, natures, strict=True))
    ]


def options(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Sound options of a kind."""
    few = st.integers(1, 30)
    match kind:
        case "single_choice" | "multiple_choice":
            return st.fixed_dictionaries({"choices": choices(text=kind == "single_choice")})
        case "table":
            return st.fixed_dictionaries({"columns": columns()}, optional={"max_rows": st.integers(1, 6)})
        case "short_text" | "long_text":
            return st.fixed_dictionaries({}, optional={"max_length": few})
        case "number":
            return st.fixed_dictionaries(
                {}, optional={"min": st.integers(-5, 5), "max": st.integers(6, 9000), "decimals": st.integers(0, 3)}
            )
        case "amount":
            return st.fixed_dictionaries({}, optional={"min": st.just(0), "max": st.integers(1, 9000)})
        case "date":
            return st.fixed_dictionaries({}, optional={"not_before": DAYS.filter(lambda day: day < "2030")})
        case "files" | "bank":
            return st.fixed_dictionaries({}, optional={"files": st.fixed_dictionaries({"max_files": few})})
        case _:
            return st.just({})


@st.composite
def leaves(draw: st.DrawFn, earlier: list[Description]) -> dict[str, Any] | None:
    """A simple condition on one of the earlier questions, if there is one that may be cited."""
    citable = [each for each in earlier if kinds.KINDS[each["kind"]].facts_offered]
    if not citable:
        return None
    target = draw(st.sampled_from(citable))
    kind = kinds.KINDS[target["kind"]]
    fact = draw(st.sampled_from(kind.facts_offered))
    cited: dict[str, Any] = {"question": target["code"]}
    if fact.code != "value":
        cited["fact"] = fact.code
    if fact.is_number or fact.is_date:
        bound = DAYS if fact.is_date else st.integers(-1, 5000)
        return {**cited, draw(st.sampled_from(["above", "below"])): draw(bound)}
    values = [value for value, _ in kind.citable(target["options"])] or [*SITES]
    return {**cited, "in": draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))}


@st.composite
def conditions(draw: st.DrawFn, earlier: list[Description]) -> dict[str, Any] | None:
    several = [leaf for leaf in draw(st.lists(leaves(earlier), max_size=3)) if leaf]
    if len(several) < 2:
        return several[0] if several else None
    return {draw(st.sampled_from(["all", "any"])): several}


@st.composite
def forms(draw: st.DrawFn, *, without: frozenset[str] = frozenset()) -> list[Description]:
    """The questions of a sound form, of any kinds; the first is always asked and mandatory."""
    codes = draw(st.lists(CODES, min_size=1, max_size=6, unique=True))
    allowed = [kind for kind in KINDS if kind not in without]
    asked: list[Description] = []
    for code in codes:
        kind = draw(st.sampled_from(allowed))
        asked.append(
            {
                "code": code,
                "kind": kind,
                "label": f"Question {code}",
                "short_label": code,
                "mandatory": not asked or draw(st.booleans()),
                "options": draw(options(kind)),
                "shown_when": draw(conditions(asked)),
            }
        )
    return asked


def question(description: Description) -> Question:
    return Question(**description)


def understood(description: Description) -> st.SearchStrategy[Raw]:
    """What the question most likely understands."""
    kind, given = description["kind"], description["options"]
    match kind:
        case "commitment":
            return st.just({"value": "on"})
        case "single_choice":
            each = st.sampled_from(given["choices"])
            return each.map(
                lambda choice: {"value": choice["value"], **({"text": "Juriste"} if choice.get("text") else {})}
            )
        case "multiple_choice":
            values = [choice["value"] for choice in given["choices"]]
            return st.lists(st.sampled_from(values), min_size=1, unique=True).map(
                lambda found: {"value": sorted(found)}
            )
        case "perimeter":
            sites = st.lists(st.sampled_from(SITES), min_size=1, unique=True)
            return sites.map(lambda found: {"sites": sorted(found), "equipped": sorted(found)[:1]})
        case "bank":
            return st.just({"holder": "Association", "iban": factories.IBAN, "bic": factories.BIC})
        case "contact":
            return st.just(factories.contact())
        case "aids":
            return st.just({"date_2": "2025-03-15", "amount_2": "12,5", "body_2": "ARS", "basis_2": "De minimis"})
        case "table":
            return st.fixed_dictionaries({f"{column['code']}_1": cells(column["kind"]) for column in given["columns"]})
        case "files":
            return st.just({})
        case _:
            return cells(kind).map(lambda text: {"value": text})


def cells(kind: str) -> st.SearchStrategy[str]:
    found: dict[str, st.SearchStrategy[str]] = {
        "number": NUMBERS,
        "amount": NUMBERS,
        "date": DAYS,
        "choice": st.sampled_from(["Oui", "Non"]),
        "email": st.just("nom@exemple.fr"),
        "phone": st.just("01 23 45 67 89"),
    }
    return found.get(kind, TEXTS)


def anything(description: Description) -> st.SearchStrategy[Raw]:
    """Whatever may be typed in some fields of the question."""
    kind, asked = kinds.of(question(description)), question(description)
    names = sorted(kind.field_names(asked))
    if not names:
        return st.just({})
    several = st.lists(TEXTS, min_size=1, max_size=2).map(sorted)
    fields = st.lists(st.sampled_from(names), max_size=4, unique=True)
    return fields.flatmap(
        lambda found: st.fixed_dictionaries({name: several if name in kind.list_fields else TEXTS for name in found})
    )


def typed(description: Description) -> st.SearchStrategy[Raw]:
    """Nothing, something understood, or whatever."""
    return st.just({}) | understood(description) | understood(description) | anything(description)


@dataclass
class Answered:
    form: list[Description]
    raws: dict[str, Raw] = field(default_factory=dict)
    #: The questions whose slot holds a file.
    slots: set[str] = field(default_factory=set)

    @property
    def questions(self) -> list[Question]:
        return [question(each) for each in self.form]


@st.composite
def answered(draw: st.DrawFn, *, without: frozenset[str] = frozenset()) -> Answered:
    """A form, what was typed in it, and the slots that hold a file."""
    form = draw(forms(without=without))
    raws = {each["code"]: draw(typed(each)) for each in form}
    slots = {each["code"] for each in form if kinds.KINDS[each["kind"]].has_files and draw(st.booleans())}
    return Answered(form, {code: raw for code, raw in raws.items() if raw}, slots)
