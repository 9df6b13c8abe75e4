"""How the pages name what a batch does (I4b)."""

from __future__ import annotations

from dataclasses import dataclass

from dossiers.enums import BatchAction
from dossiers.models import Batch
from ecare import french


@dataclass(frozen=True)
class Words:
    """`title` of the page; `button`, where {} is the number of dossiers; what one or several « can »; what was done."""

    title: str
    button: str
    can: tuple[str, str]
    done: tuple[str, str]

    def possible(self, count: int, total: int) -> str:
        """« 8 dossiers sur 10 peuvent être validés. »"""
        if not count:
            return f"Aucun dossier ne {self.can[0]}."
        can = self.can[0] if count < 2 else self.can[1]
        return f"{french.count(count, 'dossier', 'dossiers')} sur {french.integer(total)} {can}."

    def confirm(self, count: int) -> str:
        """« Valider 8 dossiers »."""
        return self.button.format(french.count(count, "dossier", "dossiers"))

    def made(self, count: int) -> str:
        """« 8 dossiers validés »."""
        return f"{french.count(count, 'dossier', 'dossiers')} {self.done[0] if count < 2 else self.done[1]}"


def _plain(title: str, verb: str, one: str, several: str) -> Words:
    return Words(
        f"{title} des dossiers",
        f"{verb} {{}}",
        (f"peut être {one}", f"peuvent être {several}"),
        (one, several),
    )


WORDS = {
    BatchAction.TAKE: _plain("Prendre en charge", "Prendre en charge", "pris en charge", "pris en charge"),
    BatchAction.ASSIGN: _plain("Attribuer", "Attribuer", "attribué", "attribués"),
    BatchAction.RELEASE: _plain("Libérer", "Libérer", "libéré", "libérés"),
    BatchAction.REQUEST_MODIFICATION: Words(
        "Demander la même modification",
        "Demander la modification de {}",
        ("peut recevoir cette demande", "peuvent recevoir cette demande"),
        ("renvoyé en modification", "renvoyés en modification"),
    ),
    BatchAction.VALIDATE: _plain("Valider", "Valider", "validé", "validés"),
    BatchAction.REJECT: _plain("Rejeter", "Rejeter", "rejeté", "rejetés"),
}


def said_in_email(batch: Batch) -> str:
    """What is said of the e-mail of a decision, after « reçoit un e-mail »."""
    if batch.action == BatchAction.REJECT:
        return ", avec le motif ci-dessus"
    return ", avec le message ci-dessus" if batch.said("message") else ", sans message"


def words(action: str) -> Words:
    return WORDS[BatchAction(action)]
