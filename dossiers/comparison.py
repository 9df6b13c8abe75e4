"""What changed between two versions of the answers to a form: two transmissions, or a transmission and what follows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Protocol

from dossiers import kinds
from dossiers.kinds import Change
from dossiers.models import Attachment, Question

#: Beyond so many words a text is shown whole, before and after: comparing costs the product of both.
MOST_WORDS = 3000
#: Below it, two texts have too little in common to be read mixed.
LIKE = 0.4
WORD = re.compile(r"\s+|\w+|[^\w\s]")


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


@dataclass(frozen=True)
class Piece:
    """A run of words of a text: in both versions, in the earlier alone, or in the later alone."""

    text: str
    is_removed: bool = False
    is_added: bool = False


def words(before: str, after: str) -> list[Piece]:
    """A text compared word by word with what it was; each blank when there was, or is, nothing."""
    old, new = WORD.findall(before), WORD.findall(after)
    if not old or not new or max(len(old), len(new)) > MOST_WORDS:
        return [*removed(before), *added(after)]
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    if matcher.ratio() < LIKE:
        return [*removed(before), *added(after)]
    pieces: list[Piece] = []
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("".join(new[new_start:new_end])))
        else:
            pieces += [*removed("".join(old[old_start:old_end])), *added("".join(new[new_start:new_end]))]
    return pieces


def removed(text: str) -> list[Piece]:
    return [Piece(text, is_removed=True)] if text else []


def added(text: str) -> list[Piece]:
    return [Piece(text, is_added=True)] if text else []
