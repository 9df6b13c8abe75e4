"""What those who instruct do around a dossier: take it, leave notes, see who is there, carry its files away (I2)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from zipstream import ZIP_STORED, ZipStream

from accounts.enums import Digest
from accounts.middleware import unnoticed
from accounts.models import User
from dossiers import access, queries, storage, workflow
from dossiers.assignment_forms import NOBODY_NOW, AssignmentForm
from dossiers.desk_forms import ExaminationForm, NoteForm
from dossiers.enums import FlagKind
from dossiers.models import Attachment, DossierStage
from dossiers.queries import TransmittedEntry
from dossiers.views import scope
from dossiers.views.files import leaving, why_not
from dossiers.views.instruction import Late, dossier_page, dossier_url, instructors_only
from dossiers.workflow.assignment import ANYBODY
from ecare import audit
from ecare.models import AuditKind

logger = logging.getLogger(__name__)

#: In an archive, the list of what was transmitted and is not there.
ABSENT = "Pièces absentes.txt"
LOST = "introuvable ou abîmée dans le stockage du portail, à signaler au support"
NOT_EXAMINED = "Le point de vigilance n'est pas marqué comme examiné"


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
    """« Prendre en charge ». Too late, who has it (I2b)."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    if "release" in request.POST:
        return release(request, dossier_stage, user)
    try:
        workflow.assignment.take(dossier_stage, by=user)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Vous instruisez ce dossier.")
    return redirect(dossier_url(request, reference))


def release(request: HttpRequest, dossier_stage: DossierStage, user: User) -> HttpResponse:
    """« Rendre », or « Libérer » from the one whom the page named. Given back or given to another meanwhile, who has
    it: whoever instructs the dossier may have had it when the page was shown."""
    reference = dossier_stage.dossier.reference
    holder = dossier_stage.dossier.verifier
    named = request.POST.get("seen", "")
    seen = NOBODY_NOW if holder and named and named != str(holder.public_id) else ANYBODY
    try:
        workflow.assignment.release(dossier_stage, by=user, seen=seen)
    except workflow.Refused as refusal:
        if not access.may_instruct(user, dossier_stage):
            raise Http404 from refusal
        now = scope.instructed_stage(request, reference).dossier
        if now.verifier_id is not None:
            messages.warning(request, workflow.assignment.in_words(now))
            return redirect(dossier_url(request, reference))
    messages.success(request, "Le dossier est rendu\u00a0: chacun peut le prendre en charge.")
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
            late = Late(str(refusal), [("Ce que vous avez constaté", note)], NOT_EXAMINED)
            return dossier_page(request, dossier_stage, user, late=late)
        messages.success(request, "Le point de vigilance est marqué comme examiné.")
        return redirect(f"{dossier_url(request, reference)}#titre-vigilance")
    return dossier_page(request, dossier_stage, user, examination=form)


@require_safe
def files(request: HttpRequest, reference: str) -> StreamingHttpResponse:
    """Every file transmitted, in one zip written as it is sent, a folder a question; it lists those that the antivirus
    holds back (Q28) and those that the storage lost. Who took it is kept (S2).

    Each is looked for before the first byte: a missing one breaks nothing, and a storage that is away is a page that
    says so. One that goes later breaks the answer off before its announced length: no browser takes it for whole.
    """
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    kept: list[tuple[str, Attachment]] = []
    left: list[str] = []
    lost = False
    for path, file in placed(queries.instructed(dossier_stage, user).entries):
        if why_not(file):
            left.append(f"{path}\u00a0: {file.get_scan_display().lower()}")
        elif storage.measured(file.file.name or "") != file.size:
            logger.error("file %s of %s is lost or damaged", file.public_id, reference)
            left.append(f"{path}\u00a0: {LOST}")
            lost = True
        else:
            kept.append((path, file))
    if not kept and not lost:
        raise Http404
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for path, file in kept:
        archive.add(chunks(file), path, size=file.size)
    if left:
        archive.add("\r\n".join(["Pièces transmises qui ne sont pas dans cette archive", "", *left, ""]), ABSENT)
    response = StreamingHttpResponse(archive, content_type="application/zip")
    response["Content-Length"] = len(archive)
    response["Content-Disposition"] = f'attachment; filename="{reference}-pieces.zip"'
    taken = [str(file.public_id) for _, file in kept]
    audit.record(AuditKind.DOWNLOADED, by=request.user, subject=reference, files=taken)
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
