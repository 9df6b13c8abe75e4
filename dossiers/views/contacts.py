"""« Corriger un contact » of a transmitted dossier (D12, I8)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dossiers import access, emails, kinds, workflow
from dossiers.contact_forms import ContactCorrectionForm
from dossiers.kinds.base import cleared
from dossiers.kinds.contact import ContactForm
from dossiers.views import scope
from dossiers.views.instruction import dossier_url, instructors_only


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """The contact as it stands, to be corrected, with why. Corrected meanwhile, what it has become stands beside what
    was typed: sent again, the latter replaces it, which was now read."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    question = workflow.contacts.contact_question(dossier_stage, code)
    answer = dossier_stage.answers.filter(code=code).first()
    if question is None or answer is None or not access.may_correct_contacts(user, dossier_stage):
        raise Http404
    if request.method != "POST" and workflow.contacts.is_open(dossier_stage, question):
        raise Http404
    initial = {**answer.raw, "read": kinds.digest(answer.raw)}
    form = ContactCorrectionForm(request.POST if request.method == "POST" else None, initial=initial)
    conflict: list[kinds.Line] = []
    if request.method == "POST" and form.is_valid():
        raw: kinds.Raw = {name: cleared(request.POST.get(name, "")).strip() for name in ContactForm.base_fields}
        read, reason = form.cleaned_data["read"], form.cleaned_data["reason"]
        at = scope.received_at(request)
        try:
            workflow.contacts.correct(dossier_stage, code, by=user, raw=raw, read=read, reason=reason, at=at)
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Changed as refusal:
            form.add_error(None, str(refusal))
            now = dossier_stage.answers.get(code=code)
            conflict = kinds.of(question).lines(question, now.value) if now.value else []
            form.data = {**request.POST.dict(), "read": kinds.digest(now.raw)}
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Le contact est corrigé. {emails.reader(dossier_stage.dossier)}.")
            return redirect(dossier_url(request, reference))
    context = {
        "dossier": dossier_stage.dossier,
        "dossier_stage": dossier_stage,
        "question": question,
        "form": form,
        "conflict": conflict,
    }
    return render(request, "dossiers/instruction/contact.html", context, status=409 if conflict else 200)
