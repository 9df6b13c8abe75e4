"""The instruction back-office: the list, a dossier, the decisions (I1–I3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.enums import Role
from accounts.models import User
from dossiers import access, queries, steps, workflow
from dossiers.desk_forms import ExaminationForm, NoteForm
from dossiers.enums import Status
from dossiers.filters import InstructionFilter
from dossiers.forms import DecisionForm, ModificationForm, RejectionForm, ReopeningForm
from dossiers.models import DossierStage
from dossiers.views import scope
from ecare import french


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


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list of dossiers, with its filters, counters and sort (I1)."""
    user = instructors_only(request)
    filters = InstructionFilter(request.GET, queryset=access.instructed_stages(user), user=user)
    counts = queries.counters(filters.of_any_status)
    sort = queries.instruction_sort(request.GET.get("tri", ""))
    pages = queries.InstructionPages(filters.qs, sort=sort, total=counts[filters.status])
    labels = {"": "Tous", **dict(Status.choices)}
    rest = request.GET.copy()
    rest.pop("page", None)
    return render(
        request,
        "dossiers/instruction/list.html",
        {
            "filters": filters,
            "form": filters.form,
            "page": pages.get_page(request.GET.get("page")),
            "sort": sort,
            "tabs": [Tab(status, labels[status], count, status == filters.status) for status, count in counts.items()],
            "query": rest,
            "list_query": f"?{request.GET.urlencode()}" if request.GET else "",
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
    """Why a decision was not taken, and what had been written, so that nothing typed is lost."""

    reason: str
    typed: list[tuple[str, str]] = field(default_factory=list)


def dossier_page(
    request: HttpRequest,
    dossier_stage: DossierStage,
    user: User,
    *,
    late: Late | None = None,
    note_form: NoteForm | None = None,
    examination: ExaminationForm | None = None,
) -> HttpResponse:
    dossier = dossier_stage.dossier
    may_instruct = access.may_instruct(user, dossier_stage)
    flags = [(flag, examination_of(flag, examination)) for flag in queries.points(dossier_stage, user)]
    passages = steps.of(dossier)
    return render(
        request,
        "dossiers/instruction/dossier.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier,
            "instructed": queries.instructed(dossier_stage),
            "moves": workflow.allowed_moves(dossier_stage, user),
            "steps": passages,
            "readable": access.transmitted_stages(user).filter(dossier=dossier).values_list("stage_id", flat=True),
            "callable": workflow.callable_stages(dossier_stage, passages, user),
            "may_instruct": may_instruct,
            "may_take": may_instruct and dossier_stage.is_instructed and dossier.verifier_id is None,
            "may_release": dossier.verifier_id is not None
            and (dossier.verifier_id == user.pk or access.may_assign(user)),
            "note_form": note_form or NoteForm(),
            "flags": flags,
            "may_examine": may_instruct and dossier_stage.is_instructed,
            "to_examine": sum(1 for flag, _ in flags if not flag.is_examined),
            "examination": examination,
            "may_reassign": access.may_reassign(user),
            "late": late,
        },
        status=409 if late else 200,
    )


def examination_of(flag: queries.Point, sent: ExaminationForm | None) -> ExaminationForm:
    """The form of a point of vigilance: the one just sent, if it is about it."""
    if sent is not None and sent.prefix == flag.kind:
        return sent
    return ExaminationForm(initial={"read": flag.text}, prefix=flag.kind)


SUBJECTS = {
    "request_modification": "Demander une modification",
    "validate": "Valider l'étape",
    "reject": "Rejeter l'étape",
    "reopen": "Rouvrir l'étape",
}
Act = Callable[[DossierStage, User, DecisionForm], object]


def decide(request: HttpRequest, reference: str, move: str, form_class: type[DecisionForm], act: Act) -> HttpResponse:
    """Show a decision's page, or carry the decision out. Too late, the dossier's page says who did what (Q34)."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    if not workflow.is_actor(move, dossier_stage, user):
        raise Http404
    instructed = queries.instructed(dossier_stage)
    posted = request.POST if request.method == "POST" else None
    draft = queries.decision_draft(dossier_stage, user, move) if posted is None else None
    form = form_class(posted, instructed=instructed, draft=draft.content if draft else None)
    if "draft" in request.POST:
        return keep_draft(request, dossier_stage, move, form)
    email = None
    if "preview" in request.POST and workflow.is_due(move, dossier_stage):
        email = form.email(dossier_stage) if form.is_valid() else None
    elif posted is not None and form.is_valid():
        try:
            act(dossier_stage, user, form)
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except (workflow.WrongStatus, workflow.Changed) as refusal:
            now = scope.instructed_stage(request, reference)
            if is_done(now, user, move, form):
                return redirect(dossier_url(request, reference))
            return dossier_page(request, now, user, late=Late(str(refusal), typed_in(form)))
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            workflow.drafts.forget(dossier_stage, move, by=user)
            messages.success(request, done(move, dossier_stage, form))
            return redirect(dossier_url(request, reference))
    elif not workflow.is_due(move, dossier_stage):
        late = Late(workflow.situation(dossier_stage), typed_in(form) if request.method == "POST" else [])
        return dossier_page(request, dossier_stage, user, late=late)
    return render(
        request,
        f"dossiers/instruction/{move}.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "instructed": instructed,
            "form": form,
            "draft": draft,
            "email": email,
            "subject": SUBJECTS[move],
        },
    )


def keep_draft(request: HttpRequest, dossier_stage: DossierStage, move: str, form: DecisionForm) -> HttpResponse:
    """Keep what was typed, valid or not (I3): said beside the button to a page that saves by itself, on the page
    otherwise."""
    at = scope.received_at(request)
    try:
        workflow.drafts.keep(dossier_stage, move, by=scope.user_of(request), content=form.typed, at=at)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        said = str(refusal)
    else:
        said = f"Brouillon enregistré à {french.clock(at)}."
    if request.headers.get("HX-Request") == "true":
        return render(request, "dossiers/instruction/draft_state.html", {"said": said})
    messages.info(request, said)
    return redirect(request.get_full_path())


def is_done(dossier_stage: DossierStage, user: User, move: str, form: DecisionForm) -> bool:
    """Whether what is asked is what this user has just done: a form sent twice has one effect and one page (Q32)."""
    last = queries.last_move(dossier_stage)
    message = form.cleaned_data.get("message") or form.cleaned_data.get("reason") or ""
    return (
        last is not None
        and last.kind == workflow.MOVES[move].event
        and last.actor_id == user.pk
        and last.message == message
    )


def typed_in(form: DecisionForm) -> list[tuple[str, str]]:
    """What was written in a decision's form, as (label, text)."""
    texts = ((str(bound.label), bound.value()) for bound in form if not bound.is_hidden)
    return [(label, str(text)) for label, text in texts if text]


def done(move: str, dossier_stage: DossierStage, form: DecisionForm) -> str:
    told = f"{dossier_stage.dossier.referent.full_name} reçoit un e-mail"
    match move:
        case "request_modification":
            assert isinstance(form, ModificationForm)
            return (
                f"La demande de modification est envoyée. {told} et peut corriger jusqu'au {french.until(form.due_at)}."
            )
        case "validate":
            return f"L'étape est validée. {told}."
        case "reject":
            return f"L'étape est rejetée. {told}."
        case _:
            return f"L'étape est de nouveau en instruction. {told}."


def dossier_url(request: HttpRequest, reference: str) -> str:
    """The dossier's page. The query string carries the filters of the list one comes from, there and back."""
    query = request.GET.urlencode()
    return reverse("dossiers:instruction-dossier", args=[reference]) + (f"?{query}" if query else "")


@require_http_methods(["GET", "HEAD", "POST"])
def request_modification(request: HttpRequest, reference: str) -> HttpResponse:
    """« Demander une modification »: message, remarks beside the answers, due date."""

    def act(dossier_stage: DossierStage, user: User, form: DecisionForm) -> None:
        assert isinstance(form, ModificationForm)
        workflow.request_modification(
            dossier_stage,
            by=user,
            message=form.cleaned_data["message"],
            remarks=form.remarks,
            due_at=form.due_at,
            opens_everything=form.cleaned_data["opens_everything"],
            read=form.cleaned_data["read"],
        )

    return decide(request, reference, "request_modification", ModificationForm, act)


@require_http_methods(["GET", "HEAD", "POST"])
def validate(request: HttpRequest, reference: str) -> HttpResponse:
    """« Valider »: what happens, who is told, what stays possible, then a button."""

    def act(dossier_stage: DossierStage, user: User, form: DecisionForm) -> None:
        workflow.validate(dossier_stage, by=user, read=form.cleaned_data["read"])

    return decide(request, reference, "validate", DecisionForm, act)


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: HttpRequest, reference: str) -> HttpResponse:
    """« Rejeter », with the reason that the référent will read."""

    def act(dossier_stage: DossierStage, user: User, form: DecisionForm) -> None:
        workflow.reject(dossier_stage, by=user, reason=form.cleaned_data["reason"], read=form.cleaned_data["read"])

    return decide(request, reference, "reject", RejectionForm, act)


@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """« Rouvrir l'étape », for responsables d'instruction."""

    def act(dossier_stage: DossierStage, user: User, form: DecisionForm) -> None:
        workflow.reopen(dossier_stage, by=user, reason=form.cleaned_data["reason"])

    return decide(request, reference, "reopen", ReopeningForm, act)
