"""The expenses of a guichet as the RETEX reads them, with or without what names their laureates (F6, Q&A 3.1). What the
anonymised file leaves out, and why: docs/adr/0059."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat, TruncMonth

from dossiers.enums import ExportFormat
from dossiers.kinds.base import Cell
from ecare import french
from establishments.models import shown_name
from funding.enums import ExpenseNature
from funding.expense_rules import WHOLE
from funding.models import Expense, Grant
from funding.schedule.models import ObjectiveShare

#: Lines fetched at once.
CHUNK = 500
#: What a sheet holds under its headings; a CSV has no such end.
MOST_ROWS = 1_048_575
#: A région is named when that many laureates of the guichet are there.
FEWEST = 5
OTHER_REGION = "Autre région"
#: Where the bands of what was granted meet, in euros.
STEPS = (20_000, 50_000, 100_000, 200_000)

DESCRIPTION = (
    "Région",
    "Parcours",
    "Subvention accordée",
    "Code de l'objectif",
    "Objectif",
    "Nature",
    "Montant TTC (€)",
    "Lettre de mission",
)
ANONYMISED = ("Établissement", *DESCRIPTION, "Mois")
NOMINATIVE = (
    "Dossier",
    "FINESS EJ",
    "Établissement",
    *DESCRIPTION,
    "Date",
    "Libellé",
    "Référence du justificatif",
)
FIELDS = ("objective", "nature", "amount", "spent_on", "mission_letter", "letter_file_id")
DESCRIBED = ("region", "granted", "schedule", "track", "track_label")

#: Labels of objectives, by barème, parcours and code.
Labels = dict[tuple[int, str, str], str]


def refusal(guichet: str, format: str) -> str:
    """Why the lines of that guichet make no file in that format, in French; blank when they do: 1 query."""
    count = in_force(guichet).count()
    if not count:
        return "Aucun lauréat de ce guichet n'a encore saisi de dépense\u00a0: revenez quand une trame sera commencée."
    if format != ExportFormat.CSV and count > MOST_ROWS:
        return "Ce guichet a plus de dépenses qu'une feuille de tableur n'a de lignes\u00a0: choisissez le format CSV."
    return ""


def rows(guichet: str, *, nominative: bool) -> Iterator[tuple[Cell, ...]]:
    """The lines of the file, under NOMINATIVE or ANONYMISED, `CHUNK` at a time: 2 queries, 3 when it is anonymised,
    whatever their number. Amounts are in euros, taxes included."""
    return nominative_rows(guichet) if nominative else anonymised_rows(guichet)


def nominative_rows(guichet: str) -> Iterator[tuple[Cell, ...]]:
    """By dossier, then by day."""
    labels = objective_labels(guichet)
    lines = described(guichet).values(
        *FIELDS,
        "label",
        "justification",
        *DESCRIBED,
        reference=F("grant__dossier__reference"),
        finess=F("grant__dossier__legal_entity__finess"),
        name=F("grant__dossier__legal_entity__name"),
        long_name=F("grant__dossier__legal_entity__long_name"),
    )
    for line in lines.order_by("reference", "spent_on", "pk").iterator(chunk_size=CHUNK):
        yield (
            line["reference"],
            line["finess"],
            shown_name(line["name"], line["long_name"]),
            *description(line, line["region"], labels),
            line["spent_on"],
            line["label"],
            line["justification"] or None,
        )


def anonymised_rows(guichet: str) -> Iterator[tuple[Cell, ...]]:
    """By laureate, in an order drawn for this file, which numbers them; then by what the file says itself, so that the
    order of the lines tells nothing more."""
    labels, regions = objective_labels(guichet), named_regions(guichet)
    lines = (
        described(guichet)
        .annotate(
            drawn=MD5(Concat(Value(secrets.token_hex(16)), Cast("grant_id", TextField()))),
            month=TruncMonth("spent_on"),
        )
        .values(*FIELDS, *DESCRIBED, "grant_id", "month")
        .order_by("drawn", "grant_id", "objective", "nature", "month", "amount")
    )
    number, laureate = 0, None
    for line in lines.iterator(chunk_size=CHUNK):
        if line["grant_id"] != laureate:
            number, laureate = number + 1, line["grant_id"]
        region = line["region"] if line["region"] in regions else OTHER_REGION
        yield (f"Établissement {number}", *description(line, region, labels), f"{line['month']:%Y-%m}")


def in_force(guichet: str) -> QuerySet[Expense]:
    """The lines in force of the laureates of a guichet."""
    return Expense.objects.in_force().filter(grant__dossier__guichet__code=guichet)


def described(guichet: str) -> QuerySet[Expense]:
    """The same, with what `description` reads of their subsidy."""
    return in_force(guichet).annotate(
        region=F("grant__dossier__legal_entity__region__name"),
        granted=F("grant__amount"),
        schedule=F("grant__transmission__estimate__schedule"),
        track=F("grant__transmission__estimate__track"),
        track_label=F("grant__transmission__estimate__track_label"),
    )


def description(line: dict[str, Any], region: str | None, labels: Labels) -> tuple[Cell, ...]:
    """The cells under DESCRIPTION."""
    objective = line["objective"]
    return (
        region,
        line["track_label"],
        band(line["granted"]),
        objective,
        labels.get((line["schedule"], line["track"], objective), dict([WHOLE]).get(objective, objective)),
        ExpenseNature(line["nature"]).label,
        line["amount"],
        letter(line),
    )


def letter(line: dict[str, Any]) -> str:
    """Whether the mission letter was given; it is asked for the time of one's own staff alone (Q&A 3.3)."""
    if line["mission_letter"] or line["letter_file_id"] is not None:
        return "Oui"
    return "Non" if line["nature"] == ExpenseNature.STAFF else "Sans objet"


def band(amount: Decimal) -> str:
    """The band of an amount in euros, the lower end included: « de 20 000 € à moins de 50 000 € »."""
    above = [step for step in STEPS if amount < step]
    below = [step for step in STEPS if amount >= step]
    if not below:
        return f"moins de {french.euros(above[0])}"
    if not above:
        return f"{french.euros(below[-1])} et plus"
    return f"de {french.euros(below[-1])} à moins de {french.euros(above[0])}"


def objective_labels(guichet: str) -> Labels:
    """The objectives of every version of the barème of a guichet: 1 query."""
    shares = ObjectiveShare.objects.filter(schedule__guichet_code=guichet).order_by()
    return {(each.schedule_id, each.track, each.code): each.label for each in shares}


def named_regions(guichet: str) -> set[str]:
    """The régions that an anonymised file names: 1 query.

    Those where FEWEST laureates are. When fewer than that are left over, the least of these régions joins them: they
    would otherwise be known by what they are not."""
    region = "dossier__legal_entity__region__name"
    laureates = Grant.objects.filter(dossier__guichet__code=guichet).order_by()
    counts: dict[str | None, int] = dict(laureates.values_list(region).annotate(Count("pk")))
    named = {name: count for name, count in counts.items() if name is not None and count >= FEWEST}
    left_over = sum(counts.values()) - sum(named.values())
    if named and 0 < left_over < FEWEST:
        del named[min(named, key=lambda name: (named[name], name))]
    return set(named)
