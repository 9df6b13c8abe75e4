"""A question added, changed, moved, deleted."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from dossiers import kinds, queries, workflow
from dossiers.admin.conditions import ConditionForm
from dossiers.admin.editor import asked_position, draft_of, home
from dossiers.admin.pages import administrator, attempt, number, page
from dossiers.admin.question_forms import QuestionForm
from dossiers.kinds import OptionsForm
from dossiers.models import FormRevision, Question, Section


class Sheet:
    """The three forms of a question, answered together."""

    def __init__(self, request: HttpRequest, revision: FormRevision, question: Question) -> None:
        data = request.POST if request.method == "POST" else None
        questions = queries.questions(revision)
        self.earlier = before(questions, question)
        kind = kinds.KINDS[question.kind]
        self.words = QuestionForm(data, instance=question, revision=revision)
        self.options: OptionsForm = kind.options_form(
            data,
            prefix="options",
            initial=kind.options_form.initial_from(question.options),
            numbers=kinds.numbers_told(self.earlier),
            axes=[(axis["code"], axis["label"]) for axis in revision.axes],
        )
        self.shown = ConditionForm(data, prefix="shown", earlier=self.earlier, condition=question.shown_when)

    @property
    def forms(self) -> list[Any]:
        return [self.words, self.options, self.shown]

    def is_valid(self) -> bool:
        answered = [form.is_valid() for form in self.forms]  # all of them: each tells its errors
        return all(answered)

    def fields(self) -> dict[str, Any]:
        """What the workflow writes."""
        return {
            **self.words.words(),
            "options": self.options.to_options(),
            "shown_when": self.shown.to_condition(),
        }


def before(questions: list[Question], question: Question) -> list[Question]:
    """The questions asked before this one, which a condition may cite; a new one stands at the end of its section."""
    if question.pk is None:
        return [each for each in questions if each.section.position <= question.section.position]
    ranks = [each.pk for each in questions]
    return questions[: ranks.index(question.pk)]


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new question, of the kind and in the section chosen on the editor."""
    revision = draft_of(pk)
    section = revision.sections.filter(pk=number(request.GET.get("section"))).first()
    kind = request.GET.get("kind", "")
    if section is None or kind not in kinds.KINDS:
        raise Http404
    question = Question(revision=revision, section=section, kind=kind)
    sheet = Sheet(request, revision, question)
    if request.method == "POST" and sheet.is_valid():
        chosen: Section = sheet.words.cleaned_data["section"]
        added: list[Question] = []

        def change() -> None:
            user = administrator(request)
            added.append(workflow.editing.add_question(chosen, by=user, kind=kind, **sheet.fields()))

        if attempt(request, change, "La question est ajoutée."):
            return redirect(home(pk, f"question-{added[0].pk}"))
    return question_page(request, revision, question, sheet, "Ajouter une question")


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    question = get_object_or_404(Question.objects.select_related("section"), pk=pk)
    revision = draft_of(question.revision_id)
    sheet = Sheet(request, revision, question)
    if request.method == "POST" and sheet.is_valid():
        chosen: Section = sheet.words.cleaned_data["section"]

        def write() -> None:
            user = administrator(request)
            workflow.editing.change_question(question, by=user, **sheet.fields())
            if chosen.pk != question.section_id:
                workflow.editing.move_question(question, by=user, section=chosen, position=1000)

        if attempt(request, write, "La question est enregistrée."):
            return redirect(home(revision.pk, f"question-{pk}"))
    return question_page(request, revision, question, sheet, "Modifier la question")


def question_page(
    request: HttpRequest, revision: FormRevision, question: Question, sheet: Sheet, title: str
) -> HttpResponse:
    has_errors = any(form.errors for form in sheet.forms)
    return page(
        request,
        "question_form.html",
        f"Erreur – {title}" if has_errors else title,
        revision=revision,
        question=question,
        kind=kinds.KINDS[question.kind],
        sheet=sheet,
        has_errors=has_errors,
    )


@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Up, down, to a rank, or into another section (by dragging)."""
    question = get_object_or_404(Question.objects.filter(revision__published_at=None), pk=pk)
    section = Section.objects.filter(pk=number(request.POST.get("section")), revision=question.revision_id).first()
    position = asked_position(request, question.position)
    attempt(
        request,
        partial(
            workflow.editing.move_question, question, by=administrator(request), position=position, section=section
        ),
    )
    return redirect(home(question.revision_id, f"question-{pk}"))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    question = get_object_or_404(Question.objects.filter(revision__published_at=None), pk=pk)
    if request.method == "POST":
        attempt(
            request,
            partial(workflow.editing.delete_question, question, by=administrator(request)),
            f"La question «\u00a0{question.short_label}\u00a0» est supprimée.",
        )
        return redirect(home(question.revision_id))
    return page(
        request,
        "confirm.html",
        f"Supprimer la question «\u00a0{question.short_label}\u00a0»\u00a0?",
        revision=draft_of(question.revision_id),
        lines=["Les réponses déjà données par les référents sont conservées, mais ne sont plus demandées."],
        button="Supprimer la question",
        back=home(question.revision_id, f"question-{pk}"),
    )
