"""The kinds of questions, by code. Adding a kind is adding a file and a line here."""

from dossiers.kinds.aids import Aids
from dossiers.kinds.bank import Bank
from dossiers.kinds.base import Context, Kind, Line, Raw, digest
from dossiers.kinds.choices import Commitment, MultipleChoice, SingleChoice
from dossiers.kinds.contact import Contact
from dossiers.kinds.files import Files
from dossiers.kinds.perimeter import Perimeter, eligible_sites
from dossiers.kinds.text import LongText, ShortText
from dossiers.models import Question

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Commitment(),
        SingleChoice(),
        MultipleChoice(),
        ShortText(),
        LongText(),
        Contact(),
        Bank(),
        Perimeter(),
        Files(),
        Aids(),
    )
}


def of(question: Question) -> Kind:
    """The kind of a question."""
    return KINDS[question.kind]


__all__ = ["KINDS", "Context", "Kind", "Line", "Raw", "digest", "eligible_sites", "of"]
