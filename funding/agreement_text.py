"""The text of a convention: plain lines with named fields, in blocks that a page or a PDF lays out. Pure.

A line that begins by `# ` is an article, by `- ` an item of a list; a blank line ends a paragraph. `{montant}` is a
field: `FIELDS` are those that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

#: What an administrator may write between braces, and what it stands for, with an example for the preview.
FIELDS: dict[str, tuple[str, str]] = {
    "reference": ("référence du dossier", "NSCQGGBPCA"),
    "guichet": ("titre du guichet", "Phase exploratoire de l'AAP pour les ESSMS"),
    "financeur": ("nom de l'organisme qui finance", "Organisme de démonstration"),
    "beneficiaire": ("raison sociale de l'établissement", "Association Les Tilleuls"),
    "finess": ("numéro FINESS EJ", "750000018"),
    "adresse": ("adresse de l'établissement", "12 rue des Tilleuls, 75012 Paris"),
    "signataire": ("civilité, prénom et nom du signataire", "Madame Inès Grand"),
    "fonction": ("fonction du signataire", "directrice générale"),
    "montant": ("montant accordé", "18\u202f800\u00a0€"),
    "parcours": ("parcours retenu", "Parcours 1"),
    "nombre_eg": ("nombre d'entités géographiques comptées", "2"),
    "transmis_le": ("date de la transmission lue", "4 juin 2026"),
    "accorde_le": ("date de la décision", "15 juillet 2026"),
    "date": ("date d'envoi de la convention", "20 juillet 2026"),
}
FIELD = re.compile(r"\{\s*(\w*)\s*\}")


@dataclass(frozen=True)
class Block:
    """An article (its title), a paragraph, or a list."""

    kind: str
    text: str = ""
    items: list[str] = field(default_factory=list)


def flaws(body: str) -> list[str]:
    """Why a text cannot be published, in French; nothing when it can."""
    found = []
    unknown = sorted({name or "{}" for name in FIELD.findall(body)} - FIELDS.keys())
    if unknown:
        named = ", ".join(f"«\u00a0{name}\u00a0»" for name in unknown)
        found.append(f"Ces champs n'existent pas\u00a0: {named}. Prenez ceux de la liste.")
    if "{" in FIELD.sub("", body) or "}" in FIELD.sub("", body):
        found.append("Une accolade est seule\u00a0: un champ s'écrit entre deux accolades, par exemple {montant}.")
    if "montant" not in FIELD.findall(body):
        found.append("Le texte ne dit pas le montant accordé\u00a0: ajoutez le champ {montant}.")
    if not any(block.kind == "article" for block in blocks(body, {})):
        found.append(
            "Le texte n'a aucun article\u00a0: commencez au moins une ligne par «\u00a0#\u00a0» suivi d'un titre."
        )
    return found


def blocks(body: str, values: Mapping[str, str]) -> Iterator[Block]:
    """The text with its fields filled. A value is text, whatever it holds: it makes neither field nor article."""
    lines = (line.strip() for line in body.splitlines())
    for kind, group in groupby(lines, key=kind_of):
        written = [FIELD.sub(lambda found: values.get(found[1], found[0]), bare(line)) for line in group]
        if kind == "article":
            yield from (Block("article", text) for text in written)
        elif kind == "list":
            yield Block("list", items=written)
        elif kind == "paragraph":
            yield Block("paragraph", " ".join(written))


def kind_of(line: str) -> str:
    if not line:
        return "blank"
    if line.startswith("# "):
        return "article"
    return "list" if line.startswith("- ") else "paragraph"


def bare(line: str) -> str:
    return line[2:].strip() if kind_of(line) in {"article", "list"} else line


def example() -> dict[str, str]:
    """The values of the preview."""
    return {name: shown for name, (_, shown) in FIELDS.items()}
