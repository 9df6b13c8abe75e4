"""The instruction back-office: the list, a dossier (I1, I2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.enums import Role
from accounts.models import User
from dossiers import access, list_columns, neighbours, queries, steps, workflow
from dossiers.desk_forms import ExaminationForm, NoteForm
from dossiers.enums import Status
from dossiers.filters import InstructionFilter
from dossiers.models import DossierStage
from dossiers.views import scope
from dossiers.views.files import why_not


def instructors_only(request: HttpRequest) -> User:
    """The user, if an instructor, with his régions at hand. Raises Http404 for others."""
    user = scope.user_of(request)
    if not user.is_instructor:
        raise Http404
    if user.role == Role.REGIONAL:
        prefetch_related_objects([user], "regions")  # one query, whatever the number of questions about them
    return user


@dataclass(frozen=True)
class Tab:
    """A counter of the list, which filters by its status."""

    status: str
    label: str
    count: int
    is_current: bool


#: What the address of the list says (`vue`) of no view kept, for whom it opens on one.
EVERYTHING = "toutes"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list of dossiers, with its filters, counters and sort (I1)."""
    user = instructors_only(request)
    views = list(queries.saved_views(user))
    default = next((each for each in views if each.is_default), None)  # type: ignore[attr-defined]  # see `saved_views`
    if default is not None and not request.GET:
        return redirect(f"{reverse('dossiers:instruction-list')}?{default.parameters}")
    asked = request.GET.copy()
    if default is not None:
        # Without its last filter, the list is that of all dossiers: it does not go back to the view.
        asked.setdefault("vue", EVERYTHING)
    stages = access.instructed_stages(user)
    filters = InstructionFilter(asked, queryset=stages, user=user)
    counts = filters.counts
    sort = queries.instruction_sort(asked.get("tri", ""))
    shown = list_columns.chosen(asked)
    pages = queries.instruction_pages(filters.lines, user=user, sort=sort, total=counts[filters.status], shown=shown)
    page = pages.get_page(asked.get("page"))
    labels = {"": "Tous", **dict(Status.choices)}
    listed = asked.copy()
    listed["tri"] = sort
    rest = asked.copy()
    rest.pop("page", None)
    return render(
        request,
        "dossiers/instruction/list.html",
        {
            "filters": filters,
            "form": filters.form,
            "page": page,
            "actions": access.batch_actions(user, page.object_list),
            "sort": sort,
            "tabs": [Tab(status, labels[status], count, status == filters.status) for status, count in counts.items()],
            "query": rest,
            "views": views,
            "view": next((each for each in views if str(each.public_id) == asked.get("vue")), None),
            "shown": shown,
            "unsorted": list_columns.UNSORTED,
            "has_columns": list_columns.PARAMETER in asked,
            "columns": [(key, label, key in shown) for key, label in list_columns.COLUMNS.items()],
            "kept": list_columns.others(asked, list_columns.PARAMETER),
            "sorts": [(order, label, order == sort) for order, label in list_columns.SORTS],
            "resorted": list_columns.others(asked, "tri"),
            "list_query": f"?{listed.urlencode()}",
            "handover": queries.HandoverCounts() if access.may_reassign(user) else None,
            "regions": list(user.regions.all()) if user.role == Role.REGIONAL else None,
        },
    )


@require_safe
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """What was last transmitted, and what may be done with it (I2)."""
    user = instructors_only(request)
    return dossier_page(request, scope.desk_stage(request, reference), user)


@dataclass(frozen=True)
class Late:
    """Why a decision was not taken, or what `title` says, and what had been written, so that nothing typed is lost."""

    reason: str
    typed: list[tuple[str, str]] = field(default_factory=list)
    title: str = "Aucune décision n'a été enregistrée"


def dossier_page(
    request: HttpRequest,
    dossier_stage: DossierStage,
    user: User,
    *,
    late: Late | None = None,
    note_form: NoteForm | None = None,
    examination: ExaminationForm | None = None,
    parts: list[neighbours.Panel] | None = None,
    status: int = 0,
) -> HttpResponse:
    """`parts` are what other rooms show above the answers, when one of their forms was sent and is shown again."""
    dossier = dossier_stage.dossier
    may_instruct = access.may_instruct(user, dossier_stage)
    flags = [(flag, examination_of(flag, examination)) for flag in queries.points(dossier_stage, user)]
    passages = steps.of(dossier)
    instructed = queries.instructed(dossier_stage, user)
    carried = [file for file in instructed.files if not why_not(file)]
    if parts is None:
        parts = neighbours.desk_parts(instructed.transmission, instructed.files, user)
    return render(
        request,
        "dossiers/instruction/dossier.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier,
            "instructed": instructed,
            "position": queries.ceiling(instructed.transmission),
            "moves": workflow.allowed_moves(dossier_stage, user),
            "steps": passages,
            "readable": [
                step.stage.pk
                for step in passages.begun
                if step.is_transmitted and access.is_let_in(user, dossier, step.stage)
            ],
            "callable": workflow.callable_stages(dossier_stage, passages, user),
            "carried": sum(file.size for file in carried),
            "withheld": len(instructed.files) - len(carried),
            "may_instruct": may_instruct,
            "may_take": may_instruct and dossier_stage.is_instructed and dossier.verifier_id is None,
            "may_release": dossier.verifier_id is not None
            and (dossier.verifier_id == user.pk or access.may_assign(user)),
            "may_assign": dossier_stage.is_instructed and access.may_assign(user),
            "correctable": workflow.contacts.correctable(dossier_stage, user) if dossier_stage.is_instructed else (),
            "note_form": note_form or NoteForm(),
            "flags": flags,
            "may_examine": may_instruct and dossier_stage.is_instructed,
            "to_examine": sum(1 for flag, _ in flags if not flag.is_examined),
            "examination": examination,
            "may_reassign": access.may_reassign(user),
            "panels": neighbours.desk_panels(dossier_stage, user),
            "parts": parts,
            "late": late,
            "is_wrong": bool(status or late or examination or (note_form and note_form.errors)),
        },
        status=status or (409 if late else 200),
    )


def examination_of(flag: queries.Point, sent: ExaminationForm | None) -> ExaminationForm:
    """The form of a point of vigilance: the one just sent, if it is about it."""
    if sent is not None and sent.prefix == flag.kind:
        return sent
    return ExaminationForm(initial={"read": flag.raised_at.isoformat()}, prefix=flag.kind)


def dossier_url(request: HttpRequest, reference: str) -> str:
    """The dossier's page. The query string carries the filters of the list one comes from, there and back."""
    query = request.GET.urlencode()
    return reverse("dossiers:instruction-dossier", args=[reference]) + (f"?{query}" if query else "")
