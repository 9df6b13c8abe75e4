"""The decisions of an étape: each on its page, kept as a draft, read as an e-mail before it leaves (I3, Q34)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from dossiers import access, emails, neighbours, queries, template_texts, workflow
from dossiers.enums import TextPurpose
from dossiers.forms import DecisionForm, ModificationForm, RejectionForm, ReopeningForm, ValidationForm
from dossiers.models import DossierStage, TemplateText
from dossiers.views import scope
from dossiers.views.instruction import Late, dossier_page, dossier_url, instructors_only
from ecare import french

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
    instructed = queries.instructed(dossier_stage, user)
    posted = request.POST if request.method == "POST" else None
    draft = queries.decision_draft(dossier_stage, user, move) if posted is None else None
    refused = neighbours.refused(dossier_stage) if form_class is ModificationForm else []
    begun: dict[str, Any] = {"draft": draft.content, "kept_at": draft.at} if draft else {}
    form = form_class(posted, instructed=instructed, refused=refused, **begun)
    if "draft" in request.POST:
        return keep_draft(request, dossier_stage, move, form)
    texts = queries.texts_for(dossier_stage, move)
    email = None
    if "insert" in request.POST:
        typed = form.typed | inserted(request, dossier_stage, form, texts)
        begun = {"draft": {**typed, "read": request.POST.get("read", "")}, "kept_at": timezone.now()}
        form = form_class(None, instructed=instructed, refused=refused, **begun)
    elif "preview" in request.POST and workflow.is_due(move, dossier_stage):
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
        late = Late(workflow.situation(dossier_stage), typed_in(form) if draft or posted is not None else [])
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
            "saisie": workflow.drafts.token(dossier_stage, move, user=user),
            "email": email,
            "subject": SUBJECTS[move],
            "texts": offered(texts[move], dossier_stage),
            "remark_texts": offered(texts.get(TextPurpose.REMARK, []), dossier_stage),
            "may_edit_texts": access.may_edit_texts(user),
            "elsewhere": in_other_hands(dossier_stage, user),
            "to_examine": [point for point in queries.points(dossier_stage, user) if not point.is_examined]
            if move == "validate"
            else [],
            "obstacle": neighbours.why_not_validated([dossier_stage]).get(dossier_stage.pk, "")
            if move == "validate"
            else "",
        },
    )


def in_other_hands(dossier_stage: DossierStage, user: User) -> str:
    """Who else instructs the dossier, in a sentence: nobody decides in their place without knowing it (I2b)."""
    dossier = dossier_stage.dossier
    return "" if dossier.verifier_id in {None, user.pk} else workflow.assignment.in_words(dossier)


def offered(texts: list[TemplateText], dossier_stage: DossierStage) -> list[tuple[TemplateText, str]]:
    """Texts of the team, each as it reads in this dossier."""
    return [(text, template_texts.filled(text.body, dossier_stage)) for text in texts]


def inserted(
    request: HttpRequest, dossier_stage: DossierStage, form: DecisionForm, texts: dict[str, list[TemplateText]]
) -> dict[str, str]:
    """« Insérer », without JavaScript: the field that receives a text of the team, with it after what was typed there;
    nothing, and a word about it, when none was chosen."""
    name = request.POST["insert"]
    chosen = request.POST.get(f"text_{name}", "")
    known = [text for group in texts.values() for text in group if str(text.public_id) == chosen]
    if name not in form.fields or not known:
        messages.warning(request, "Choisissez dans la liste le texte à insérer.")
        return {}
    before = form.typed[name].rstrip()
    text = template_texts.filled(known[0].body, dossier_stage)
    return {name: f"{before}\n\n{text}" if before else text}


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
    told = emails.reader(dossier_stage.dossier)
    match move:
        case "request_modification":
            assert isinstance(form, ModificationForm)
            until = f" et peut corriger jusqu'au {french.until(form.due_at)}"
            left = "envoyée" if dossier_stage.dossier.has_referent else "enregistrée"
            return f"La demande de modification est {left}. {emails.reader(dossier_stage.dossier, until)}."
        case "validate":
            return f"L'étape est validée. {told}."
        case "reject":
            return f"L'étape est rejetée. {told}."
        case _:
            return f"L'étape est de nouveau en instruction. {told}."


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
    """« Valider »: what happens, who is told, what stays possible, a word for the référent."""

    def act(dossier_stage: DossierStage, user: User, form: DecisionForm) -> None:
        message, read = form.cleaned_data["message"], form.cleaned_data["read"]
        workflow.validate(dossier_stage, by=user, message=message, read=read)

    return decide(request, reference, "validate", ValidationForm, act)


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
