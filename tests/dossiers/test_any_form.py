"""Any form made of any kinds, whatever is answered: what the page, the guard, the recap and the snapshot say agree."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers import comparison, conditions, flaws, kinds, queries, workflow
from dossiers.kinds import Raw
from dossiers.models import Attachment, Dossier, DossierStage, FormRevision, Question, Section, Transmission
from dossiers.sheet import Sheet
from establishments.models import GeographicEntity, LegalEntity
from tests.dossiers import factories, strategies
from tests.dossiers.strategies import Answered

ENTITY = LegalEntity(pk=1, finess="750000001", name="ASSOCIATION")
SITES = [GeographicEntity(finess=number, name="EHPAD", legal_entity=ENTITY) for number in strategies.SITES]
quick = settings(max_examples=40)


def context() -> kinds.Context:
    """What FINESS says of the dossier's EJ, without asking the database."""
    known = kinds.Context(ENTITY)
    known.__dict__["sites"] = SITES
    return known


def sheet(case: Answered) -> Sheet:
    questions, section = case.questions, Section(title="Section", position=1)
    values = {
        each.code: (raw, kinds.of(each).clean(each, raw, context()))
        for each in questions
        if (raw := case.raws.get(each.code))
    }
    stage = DossierStage(dossier=Dossier(legal_entity=ENTITY), revision=FormRevision())
    files = [Attachment(pk=number, code=code, name=code) for number, code in enumerate(sorted(case.slots))]
    return Sheet(stage, [(section, questions)], answers=values, files=files)


@quick
@given(strategies.answered())
def test_the_bar_the_guard_and_the_recap_agree(case: Answered) -> None:
    form = sheet(case)
    missing = {entry.code for entry in form.missing}
    answered = {entry.code for entry in form.shown if entry.is_answered}
    wanted = {entry.code for entry in form.shown if entry.question.mandatory}
    assert (form.completion.answered, form.completion.total) == (len(wanted & answered), len(wanted))
    assert (form.completion.percent == 100) is form.completion.is_complete
    assert wanted - answered <= missing
    assert missing - wanted <= {entry.code for entry in form.shown if entry.is_invalid}
    recapped = [entry.code for _, entries in form.shown_sections for entry in entries]
    assert recapped == [entry.code for entry in form.shown]
    assert missing <= set(recapped), "each link of the recap leads somewhere"
    for entry in form.shown:
        assert entry.is_invalid or (entry.state == "missing") is entry.is_missing


@quick
@given(strategies.answered())
def test_conditions_never_loop(case: Answered) -> None:
    """A condition cites earlier questions alone, so that one reading in order settles everything."""
    assert flaws.of_form({"sections": [{"title": "Section", "questions": case.form}]}) == []
    codes = [each["code"] for each in case.form]
    for place, each in enumerate(case.form):
        assert conditions.depends_on(each["shown_when"]) <= set(codes[:place])
        assert conditions.in_words(each["shown_when"], kinds.labels(case.questions)).startswith("Affichée si") is bool(
            each["shown_when"]
        )
    form = sheet(case)
    first = [entry.shown for entry in form.entries]
    form.settle()
    assert [entry.shown for entry in form.entries] == first


@quick
@given(strategies.forms(), st.data())
def test_a_condition_on_itself_or_on_a_later_question_is_refused(
    form: list[dict[str, Any]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(form) - 1))
    later = data.draw(st.sampled_from(form[place:]))
    bent = {**form[place], "shown_when": {"question": later["code"], "in": ["a"]}}
    questions = [*form[:place], bent, *form[place + 1 :]]
    assert flaws.of_form({"sections": [{"title": "Section", "questions": questions}]})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["question", "in", "above", "all", "any", "choices", "files", "columns", "expected", "min"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(quick, max_examples=60)
@given(st.sampled_from(strategies.KINDS), ANYTHING, ANYTHING)
def test_whatever_a_file_says_is_a_flaw_and_never_a_crash(kind: str, options: Any, shown_when: Any) -> None:
    first = {"code": "first", "kind": "commitment", "label": "Q", "short_label": "Q"}
    second = {"code": "q", "kind": kind, "label": "Q", "short_label": "Q", "options": options}
    third = {**first, "code": "third", "shown_when": shown_when}
    found = flaws.of_form({"sections": [{"title": "Section", "questions": [first, second, third]}]})
    assert all(isinstance(each, str) for each in found)


def described(code: str) -> st.SearchStrategy[tuple[Question, Raw]]:
    """A question of a kind, and something typed in it."""
    return strategies.options(code).flatmap(
        lambda options: strategies.typed({"code": "asked", "kind": code, "options": options}).map(
            lambda raw: (Question(code="asked", kind=code, label="Q", short_label="Q", options=options), raw)
        )
    )


@pytest.mark.parametrize("code", strategies.KINDS)
@settings(quick, max_examples=30)
@given(st.data())
def test_a_kind_keeps_its_word(code: str, data: st.DataObject) -> None:
    """What was typed comes back from the page and from JSON; a value is JSON, and its words, cells and changes hold."""
    question, raw = data.draw(described(code))
    kind = kinds.of(question)
    post = QueryDict(mutable=True)
    for name, content in raw.items():
        post.setlist(f"asked-{name}", content if isinstance(content, list) else [content])
    assert kind.raw_from(question, post) == raw == json.loads(json.dumps(raw))
    value = kind.clean(question, raw, context())
    assert json.loads(json.dumps(value)) == value
    assert len(kind.columns(question)) == len(kind.cells(question, value, [])) == len(set(kind.columns(question)))
    assert kind.changes(question, value, value) == []
    if value is None:
        return
    lines, printed = kind.lines(question, value), kind.printed_lines(question, value)
    assert [line.label for line in lines] == [line.label for line in printed]
    assert lines
    assert kind.changes(question, None, value)
    assert kind.changes(question, value, None)
    facts = kind.facts(value)
    for fact in kind.facts_offered:
        assert isinstance(facts[fact.code], int | Decimal) or not fact.is_number
    assert kind.clean(question, raw, context()) == value
    table = kind.table(question, value)
    assert table is None or {len(row) for _, rows in table.groups for row in rows} == {len(table.headings)}


@pytest.mark.parametrize("code", strategies.KINDS)
@settings(quick, max_examples=15)
@given(st.data())
def test_options_survive_the_form_of_administrators(code: str, data: st.DataObject) -> None:
    options = data.draw(strategies.options(code))
    form_class = kinds.KINDS[code].options_form
    assert [*kinds.KINDS[code].flaws({"options": options}, {})] == []
    shown = form_class(initial=form_class.initial_from(options))
    post = QueryDict(mutable=True)
    for each in shown:
        given_value = each.value()
        if isinstance(given_value, list):
            post.setlist(each.name, given_value)
        elif given_value is not None and given_value is not False:
            post[each.name] = str(given_value)
    form = form_class(post, initial=shown.initial)
    assert form.is_valid(), form.errors
    assert form.to_options() == options


def transmit(stage: DossierStage, form: Sheet) -> Transmission:
    by = stage.dossier.referent
    return workflow.transmit(factories.fresh(stage), by=by, at=timezone.now(), seen=form.fingerprint)


@pytest.mark.django_db
@settings(quick, max_examples=12)
@given(strategies.answered(without=frozenset({"perimeter"})))
def test_what_is_transmitted_is_what_was_asked_and_answered(case: Answered) -> None:
    """Hidden answers are kept and never transmitted; the guard refuses exactly what the recap lists."""
    with transaction.atomic():
        guichet = factories.guichet(code="toute-forme", questions=case.form)
        stage = factories.draft(stage=guichet.stages.get(), sites=1)
        factories.save(stage, **case.raws)
        for code in case.slots:
            factories.deposit(stage, factories.pdf(f"{code}.pdf"), code)
        form = queries.sheet(factories.fresh(stage))
        hidden = {entry.code for entry in form.entries if not entry.shown}
        assert {answer.code for answer in stage.answers.all()} == case.raws.keys()
        if form.missing:
            with pytest.raises(workflow.Incomplete) as refusal:
                transmit(stage, form)
            assert [entry.code for entry in refusal.value.missing] == [entry.code for entry in form.missing]
        else:
            transmission = transmit(stage, form)
            assert transmission.answers == {each.code: each.value for each in form.shown if each.value is not None}
            assert not hidden & transmission.answers.keys()
            read = [each for _, entries in queries.transmitted_sections(transmission, blanks=True) for each in entries]
            assert [each.code for each in read] == [entry.code for entry in form.shown]
            assert comparison.changes(read, form.shown) == []
        transaction.set_rollback(True)
