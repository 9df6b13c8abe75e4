"""The columns of the back-office's list that a reader chooses; they live in the URL, like the filters (I1)."""

from __future__ import annotations

from django.http import QueryDict

#: In their order. The reference is always there.
COLUMNS = {
    "etablissement": "Établissement",
    "guichet": "Guichet et étape",
    "parcours": "Parcours",
    "montant": "Montant estimé",
    "type": "Type de candidat",
    "region": "Région",
    "departement": "Département",
    "referent": "Référent",
    "statut": "Statut",
    "echeance": "Échéance",
    "verificateur": "Vérificateur",
    "transmission": "Transmis le",
}
#: What the list shows and does not sort by: no index holds that order.
UNSORTED = frozenset({"parcours", "montant", "departement"})
USUAL = [key for key in COLUMNS if key not in {"type", "echeance", *UNSORTED}]
WAYS = {
    "echeance": ("la plus proche d'abord", "la plus lointaine d'abord"),
    "transmission": ("le plus ancien d'abord", "le plus récent d'abord"),
}
#: What the list is sorted by, both ways (`tri` of the URL), in words.
SORTS = [
    (f"{sign}{key}", f"{label}, {way}")
    for key, label in {"reference": "Référence", **COLUMNS}.items()
    if key not in UNSORTED
    for sign, way in zip(("", "-"), WAYS.get(key, ("de A à Z", "de Z à A")), strict=True)
]
#: Of the URL, one a column.
PARAMETER = "colonne"


def chosen(parameters: QueryDict) -> list[str]:
    """The columns asked for, those that do not exist left out; the usual ones when none is."""
    asked = set(parameters.getlist(PARAMETER))
    return [key for key in COLUMNS if key in asked] or USUAL


def others(parameters: QueryDict, *but: str) -> list[tuple[str, str]]:
    """The other parameters of the list, as the hidden fields of a form that changes `but`."""
    left_out = {*but, "page"}
    return [(name, each) for name, values in parameters.lists() if name not in left_out for each in values if each]
