"""What changed between two versions of the answers to a form: two transmissions, or a transmission and what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from dossiers import kinds
from dossiers.kinds import Change
from dossiers.models import Attachment, Question


class Answered(Protocol):
    """One question with its answer: an entry of a sheet, or of a transmission."""

    @property
    def question(self) -> Question: ...
    @property
    def value(self) -> Any: ...
    @property
    def files(self) -> list[Attachment]: ...


@dataclass(frozen=True)
class QuestionChange:
    """What changed in the answer to one question; `question` as the later version asks it."""

    question: Question
    changes: list[Change]
    #: Files are the same when their names and their SHA-256 are.
    files_added: list[Attachment]
    files_removed: list[Attachment]


def changes(before: Iterable[Answered], after: Iterable[Answered]) -> list[QuestionChange]:
    """The questions whose answer or files differ, in the order of the later version, those it no longer asks last.

    A question that is not in a version has no answer there.
    """
    old = {entry.question.code: entry for entry in before}
    new = {entry.question.code: entry for entry in after}
    compared = (compare(old.get(code), new.get(code)) for code in {**new, **old})
    return [each for each in compared if each.changes or each.files_added or each.files_removed]


def compare(old: Answered | None, new: Answered | None) -> QuestionChange:
    later = new or old
    assert later is not None, "one of the versions asks this question"
    return QuestionChange(
        later.question,
        [*changed_values(old, new)],
        beyond(new.files if new else [], old.files if old else []),
        beyond(old.files if old else [], new.files if new else []),
    )


def changed_values(old: Answered | None, new: Answered | None) -> Iterator[Change]:
    before, after = old.value if old else None, new.value if new else None
    if old and new and old.question.kind == new.question.kind:
        yield from kinds.of(new.question).changes(new.question, before, after)
        return
    # Another kind of question under the same code: one answer went, another came.
    if old:
        yield from kinds.of(old.question).changes(old.question, before, None)
    if new:
        yield from kinds.of(new.question).changes(new.question, None, after)


def beyond(files: list[Attachment], others: list[Attachment]) -> list[Attachment]:
    """The files that the others do not hold."""
    held = Counter((file.name, file.sha256) for file in others)
    found = []
    for file in files:
        key = (file.name, file.sha256)
        if held[key]:
            held[key] -= 1
        else:
            found.append(file)
    return found
