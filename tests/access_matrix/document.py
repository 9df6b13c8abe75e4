"""The table of who may open what, to be read by people: docs/acces.md (`make access`)."""

from __future__ import annotations

import re

from tests.access_matrix import accounts, dossiers, funding, instruction, public
from tests.access_matrix.roles import ROLES, SIGN_IN, Outcome, Row
from tests.access_matrix.table import ADDRESSES

COLUMNS = {
    "anonymous": "visiteur",
    "half": "mot de passe seul",
    "referent": "référent du dossier",
    "colleague": "autre référent de l'établissement",
    "former": "ancien référent",
    "verifier": "vérificateur",
    "regional": "instructeur, sa région",
    "lead": "responsable",
    "outside": "instructeur, autre région",
    "admin": "administrateur",
}
ROOMS = {
    "Pages publiques": public.TABLE,
    "Compte et connexion": accounts.TABLE,
    "Dossiers": dossiers.TABLE,
    "Instruction": instruction.TABLE,
    "Subventions": funding.TABLE,
}
INTRODUCTION = """\
# Qui ouvre quelle adresse

Écrit par `make access` à partir de la table qui sert d'essai : chaque rôle demande chaque adresse, en lecture (GET) et
en écriture (POST), et reçoit ce que dit la table, ou l'essai échoue. Une adresse absente de la table le fait échouer.

| Dans une case | Sens |
|---|---|
| ✓ | la page, ou l'effet demandé |
| → et une adresse | la personne est menée là : après l'effet demandé, ou sans lui si l'adresse n'est pas pour elle |
| 404 | la page de ce qui n'existe pas, qui ne dit pas si cela existe |
| 405 | méthode refusée |
| 409, 410 | refus expliqué : l'état a changé, ou le lien ne vaut plus |

Les dossiers sont ceux d'un référent, sur le guichet du POC : un en correction, un transmis, un validé. PUT, PATCH,
DELETE, OPTIONS et TRACE sont refusés à la porte (405) ; HEAD lit comme GET, sans le contenu. `/admin/` et ce qui suit
est à l'administrateur seul : les autres rôles y reçoivent la page 404, les visiteurs la connexion.
"""


def text() -> str:
    """The whole page, in Markdown."""
    parts = [INTRODUCTION]
    for title, table in ROOMS.items():
        parts.append(f"\n## {title}\n\n| Adresse | | {' | '.join(COLUMNS[role] for role in ROLES)} |")
        parts.append(f"|---|---|{'---|' * len(ROLES)}")
        for name, (get, post) in table.items():
            parts.append(f"| `{shown(name)}` | GET | {cells(get)} |")
            if set(post.values()) - {SIGN_IN} != {405}:
                parts.append(f"| | POST | {cells(post)} |")
    return "\n".join(parts) + "\n"


def cells(row: Row) -> str:
    return " | ".join(cell(row[role]) for role in ROLES)


def cell(outcome: Outcome) -> str:
    if outcome == 200:
        return "✓"
    if isinstance(outcome, int):
        return str(outcome)
    return f"→ `{shown(outcome.removeprefix('→'))}`"


def shown(name: str) -> str:
    """The address of a view, with the names of its parts."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"‹\1›", ADDRESSES[name])
