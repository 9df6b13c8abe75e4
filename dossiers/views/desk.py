"""What those who instruct do around a dossier: take it, leave notes, see who is there, carry its files away (I2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from zipstream import ZIP_STORED, ZipStream

from accounts.enums import Digest
from accounts.middleware import unnoticed
from accounts.models import User
from dossiers import access, queries, workflow
from dossiers.assignment_forms import AssignmentForm
from dossiers.desk_forms import ExaminationForm, NoteForm
from dossiers.enums import FlagKind
from dossiers.models import Attachment
from dossiers.queries import TransmittedEntry
from dossiers.views import scope
from dossiers.views.files import leaving, why_not
from dossiers.views.instruction import Late, dossier_page, dossier_url, instructors_only
from ecare import audit
from ecare.models import AuditKind


@require_POST
@unnoticed
def presence(request: HttpRequest, reference: str) -> HttpResponse:
    """« Je suis là », said by the page every half minute; who else is."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    at = scope.received_at(request)
    workflow.desk.see(dossier_stage, by=user, at=at)
    names = queries.others_there(dossier_stage, user, at)
    return render(request, "dossiers/instruction/present.html", {"names": names})


@require_POST
def take(request: HttpRequest, reference: str) -> HttpResponse:
    """« Prendre en charge », or « Rendre ». Too late, who has it (I2b)."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    try:
        if "release" in request.POST:
            workflow.assignment.release(dossier_stage, by=user)
            messages.success(request, "Le dossier est rendu\u00a0: chacun peut le prendre en charge.")
        else:
            workflow.assignment.take(dossier_stage, by=user)
            messages.success(request, "Vous instruisez ce dossier.")
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(dossier_url(request, reference))


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """« Attribuer » one dossier (I5). Too late, who has it."""
    user = instructors_only(request)
    dossier_stage = scope.desk_stage(request, reference)
    if not access.may_assign(user):
        raise Http404
    people, holder = queries.assignees(dossier_stage), dossier_stage.dossier.verifier
    form = AssignmentForm(request.POST if request.method == "POST" else None, people=people, holder=holder)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.assignment.assign(dossier_stage, by=user, to=form.chosen, seen=form.seen_key)
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, given(form.chosen, user))
        return redirect(dossier_url(request, reference))
    context = {"dossier": dossier_stage.dossier, "dossier_stage": dossier_stage, "form": form}
    return render(request, "dossiers/instruction/assign.html", context)


def given(to: User, by: User) -> str:
    if to.pk == by.pk:
        return "Vous instruisez ce dossier."
    told = "" if to.digest == Digest.NONE else ", qui en est informé par e-mail"
    return f"Le dossier est attribué à {to.full_name}{told}."


@require_POST
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """A note for instruction alone. What cannot be kept is shown again, with why."""
    user = instructors_only(request)
    dossier_stage = scope.desk_stage(request, reference)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            workflow.desk.note(dossier_stage, by=user, text=form.cleaned_data["text"], at=scope.received_at(request))
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error("text", str(refusal))
        else:
            messages.success(request, "La note est ajoutée.")
            return redirect(f"{dossier_url(request, reference)}#notes")
    return dossier_page(request, dossier_stage, user, note_form=form)


@require_POST
def examine(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """A point of vigilance is examined, with a note (I6). What cannot be kept is shown again, with why."""
    user = instructors_only(request)
    if kind not in FlagKind.values:
        raise Http404
    dossier_stage = scope.desk_stage(request, reference)
    if not access.may_instruct(user, dossier_stage):
        raise Http404
    form = ExaminationForm(request.POST, prefix=kind)
    if form.is_valid():
        note, read = form.cleaned_data["note"], form.cleaned_data["read"]
        try:
            workflow.vigilance.examine(dossier_stage, FlagKind(kind), by=user, note=note, read=read)
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            late = Late(str(refusal), [("Ce que vous avez constaté", note)])
            return dossier_page(request, dossier_stage, user, late=late)
        messages.success(request, "Le point de vigilance est marqué comme examiné.")
        return redirect(f"{dossier_url(request, reference)}#titre-vigilance")
    return dossier_page(request, dossier_stage, user, examination=form)


@require_safe
def files(request: HttpRequest, reference: str) -> StreamingHttpResponse:
    """Every file transmitted, in one zip written as it is sent, a folder a question. Who took it is kept (S2)."""
    instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    entries = queries.instructed(dossier_stage).entries
    kept = [(path, file) for path, file in placed(entries) if not why_not(file)]
    if not kept:
        raise Http404
    taken = [str(file.public_id) for _, file in kept]
    audit.record(AuditKind.DOWNLOADED, by=request.user, subject=reference, files=taken)
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for path, file in kept:
        archive.add(chunks(file), path, size=file.size)
    response = StreamingHttpResponse(archive, content_type="application/zip")
    response["Content-Length"] = len(archive)
    response["Content-Disposition"] = f'attachment; filename="{reference}-pieces.zip"'
    return leaving(response)


def placed(entries: Iterable[TransmittedEntry]) -> Iterator[tuple[str, Attachment]]:
    """Each file under a path of its own: the question's rank and name, then the name that its owner gave it."""
    with_files = [entry for entry in entries if entry.files]
    for rank, entry in enumerate(with_files, start=1):
        used: set[str] = set()
        for file in entry.files:
            stem, dot, suffix = file.name.rpartition(".")
            stem, suffix = (stem, dot + suffix) if stem else (file.name, "")
            named, number = file.name, 1
            while named.lower() in used:
                number += 1
                named = f"{stem} ({number}){suffix}"
            used.add(named.lower())
            yield f"{rank:02} {clean(entry.question.short_label)}/{clean(named)}", file


def clean(name: str) -> str:
    """A name that no unpacker takes for a path."""
    return "".join(each for each in name if each.isprintable() and each not in '\\/:*?"<>|').strip(" .") or "fichier"


def chunks(file: Attachment) -> Iterator[bytes]:
    """The content of a file, opened when its turn comes."""
    with file.file.open("rb") as content:
        yield from content.chunks()
