"""The page on which a form is written: its sections and questions in order, what prevents its publication (G4)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from dossiers import conditions, descriptions, kinds, queries, workflow
from dossiers.admin import checks, rows
from dossiers.admin.pages import administrator, attempt, page
from dossiers.admin.question_forms import SectionForm
from dossiers.kinds.base import cleared
from dossiers.models import FormRevision, Question, Section
from ecare import forms as care_forms


def home(revision_id: int, anchor: str = "") -> str:
    """The address of the editor."""
    address = reverse("admin:dossiers_formrevision_change", args=[revision_id])
    return f"{address}#{anchor}" if anchor else address


def revision_of(pk: int) -> FormRevision:
    return get_object_or_404(FormRevision.objects.select_related("stage__guichet", "published_by"), pk=pk)


def draft_of(pk: int) -> FormRevision:
    """The draft of that key. Raises Http404 for a published form: nothing writes on it."""
    revision = revision_of(pk)
    if revision.published_at is not None:
        raise Http404
    return revision


def form_page(request: HttpRequest, revision: FormRevision) -> HttpResponse:
    """A form as it is written; read-only once published."""
    sections = list(revision.sections.order_by("position"))
    asked: dict[int, list[Question]] = {section.pk: [] for section in sections}
    questions = queries.questions(revision)
    for question in questions:
        asked[question.section_id].append(question)
    labels = kinds.labels(questions)
    found = checks.of_form(descriptions.describe(revision), {each.code: each for each in questions})
    return page(
        request,
        "form_editor.html",
        f"Formulaire de «\u00a0{revision.stage.title}\u00a0»",
        revision=revision,
        is_draft=revision.published_at is None,
        sections=[
            (section, [row(question, labels, found, rank) for rank, question in enumerate(asked[section.pk], start=1)])
            for section in sections
        ],
        flaws=found,
        mandatory=sum(question.mandatory for question in questions),
        total=len(questions),
        kinds=kind_names(),
    )


def kind_names() -> list[tuple[str, str]]:
    return sorted(((code, kind.name) for code, kind in kinds.KINDS.items()), key=lambda pair: pair[1])


def row(
    question: Question, labels: dict[str, conditions.Labels], found: list[checks.Flaw], rank: int
) -> dict[str, Any]:
    """A question in the list of the editor."""
    kind = kinds.KINDS.get(question.kind)
    return {
        "question": question,
        "rank": rank,
        "kind": kind.name if kind else question.kind,
        "condition": conditions.in_words(question.shown_when, labels),
        "flaws": [flaw.text for flaw in found if flaw.question == question],
    }


# Sections


@require_POST
def add_section(request: HttpRequest, pk: int) -> HttpResponse:
    revision = draft_of(pk)
    title = cleared(request.POST.get("title", "")).strip()[:150]
    if not title:
        return redirect(home(pk, "nouvelle-section"))
    attempt(request, partial(workflow.editing.add_section, revision, by=administrator(request), title=title))
    return redirect(home(pk, "nouvelle-section"))


@require_http_methods(["GET", "HEAD", "POST"])
def change_section(request: HttpRequest, pk: int) -> HttpResponse:
    section = get_object_or_404(Section.objects.filter(revision__published_at=None), pk=pk)
    revision = draft_of(section.revision_id)
    form = SectionForm(request.POST or None, instance=section)
    if request.method == "POST" and form.is_valid():
        change = partial(workflow.editing.change_section, section, by=administrator(request), **form.cleaned_data)
        if attempt(request, change, "La section est enregistrée."):
            return redirect(home(revision.pk, f"section-{pk}"))
    return page(request, "part_form.html", "Modifier la section", revision=revision, form=form)


@require_POST
def move_section(request: HttpRequest, pk: int) -> HttpResponse:
    section = get_object_or_404(Section.objects.filter(revision__published_at=None), pk=pk)
    position = asked_position(request, section.position)
    attempt(request, partial(workflow.editing.move_section, section, by=administrator(request), position=position))
    return redirect(home(section.revision_id, f"section-{pk}"))


def asked_position(request: HttpRequest, current: int) -> int:
    """The rank asked for: by a number, or by « Monter » and « Descendre »."""
    steps = {"up": current - 1, "down": current + 1}
    if (step := request.POST.get("step")) in steps:
        return max(steps[step], 1)
    typed = request.POST.get("position", "")
    return min(max(int(typed), 1), 1000) if typed.isdecimal() and len(typed) < 5 else current


@require_http_methods(["GET", "HEAD", "POST"])
def delete_section(request: HttpRequest, pk: int) -> HttpResponse:
    section = get_object_or_404(Section.objects.filter(revision__published_at=None), pk=pk)
    if request.method == "POST":
        attempt(
            request,
            partial(workflow.editing.delete_section, section, by=administrator(request)),
            f"La section «\u00a0{section.title}\u00a0» est supprimée.",
        )
        return redirect(home(section.revision_id))
    return page(
        request,
        "confirm.html",
        f"Supprimer la section «\u00a0{section.title}\u00a0»\u00a0?",
        revision=draft_of(section.revision_id),
        lines=[
            f"La question «\u00a0{each.short_label}\u00a0» est supprimée avec elle." for each in section.questions.all()
        ]
        or ["Elle ne contient aucune question."],
        button="Supprimer la section",
        back=home(section.revision_id, f"section-{pk}"),
    )


# What a form says beside its questions


class SettingsForm(care_forms.ModelForm):
    class Meta:
        model = FormRevision
        fields = ("minutes", "to_prepare", "track_question", "perimeter_question")
        widgets = {"to_prepare": forms.Textarea({"rows": 5})}

    def __init__(self, *args: Any, questions: list[Question], **kwargs: Any) -> None:
        instance = kwargs["instance"]
        kwargs["initial"] = rows.initial(instance.axes, axis_code="code", axis_label="label")
        super().__init__(*args, **kwargs)
        self.fields["minutes"].min_value = 1  # type: ignore[attr-defined]
        for name, kind in (("track_question", "single_choice"), ("perimeter_question", "perimeter")):
            offered = [(each.code, each.short_label) for each in questions if each.kind == kind]
            self.fields[name] = forms.ChoiceField(
                label=self.fields[name].label,
                choices=[("", "Aucune\u00a0: l'étape ne porte pas de subvention"), *offered],
                required=False,
            )
        rows.AXES.add_to(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        rows.AXES.check(self)
        return cleaned

    def _post_clean(self) -> None:
        """Nothing is put on the revision here: the workflow writes it."""

    @property
    def tables(self) -> list[Any]:
        return [rows.AXES.table(self, "Axes du score (autoévaluations)")]

    @property
    def singles(self) -> list[forms.BoundField]:
        return [self[name] for name in (*self.Meta.fields,)]

    def said(self) -> dict[str, Any]:
        return {
            **{name: self.cleaned_data[name] for name in self.Meta.fields},
            "to_prepare": rows.lines(self.cleaned_data["to_prepare"]),
            "axes": rows.stored(rows.AXES, self.cleaned_data, axis_code="code", axis_label="label"),
        }


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Minutes, what to prepare, axes, questions of the subsidy."""
    revision = draft_of(pk)
    form = SettingsForm(request.POST or None, instance=revision, questions=queries.questions(revision))
    if request.method == "POST" and form.is_valid():
        change = partial(workflow.editing.change_form, revision, by=administrator(request), **form.said())
        if attempt(request, change, "Les réglages du formulaire sont enregistrés."):
            return redirect(home(pk))
    return page(request, "part_form.html", "Réglages du formulaire", revision=revision, form=form)


# The life of a draft


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """What publishing changes, and for how many; then the publication."""
    revision = draft_of(pk)
    if request.method == "POST":
        change = partial(workflow.publication.publish, revision, by=administrator(request))
        attempt(request, change, "Le formulaire est publié. Les brouillons en cours le suivent.")
        return redirect(home(pk))
    newest = queries.newest_revision(revision.stage)
    form = descriptions.describe(revision)
    return page(
        request,
        "publish.html",
        f"Publier la révision {revision.number}\u00a0?",
        revision=revision,
        flaws=checks.of_form(form, {each.code: each for each in queries.questions(revision)}),
        newest=newest,
        changes=workflow.revisions.changes(descriptions.describe(newest), form) if newest else "",
        drafts=queries.drafts_of(revision.stage),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    revision = draft_of(pk)
    guichet = reverse("admin:dossiers_guichet_change", args=[revision.stage.guichet_id])
    if request.method == "POST":
        discard_it = partial(workflow.publication.discard_draft, revision, by=administrator(request))
        attempt(request, discard_it, "Le brouillon est abandonné.")
        return redirect(guichet)
    return page(
        request,
        "confirm.html",
        "Abandonner ce brouillon\u00a0?",
        revision=revision,
        lines=["Toutes les modifications de ce brouillon sont perdues. Le formulaire publié ne change pas."],
        button="Abandonner le brouillon",
        back=home(pk),
    )
