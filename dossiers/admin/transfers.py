"""Guichets copied, written to a file, read from one."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import messages
from django.core.validators import validate_slug
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dossiers import catalog, workflow
from dossiers.admin.editor import home
from dossiers.admin.pages import administrator, attempt, page
from dossiers.models import Guichet, Stage
from ecare import forms as care_forms

MEGABYTE = 1024 * 1024
CONTRADICTION = (
    "Ce fichier contredit les étapes déjà enregistrées\u00a0: deux étapes commenceraient à la création du dossier. "
    "Gardez les codes des étapes existantes."
)


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The guichet as one YAML file."""
    guichet = get_object_or_404(Guichet, pk=pk)
    name = f"{guichet.position}-{guichet.code}.yaml"
    return HttpResponse(
        catalog.export(guichet),
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class ImportForm(care_forms.Form):
    """A file, then its text, kept in the page while the administrator reads what it would change."""

    file = forms.FileField(
        label="Fichier du guichet", required=False, help_text="Un fichier YAML, comme «\u00a0Exporter\u00a0» en donne."
    )
    text = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("text")
        if file is not None and file.size > MEGABYTE:
            self.add_error("file", "Ce fichier dépasse 1\u00a0Mo\u00a0: ce n'est pas celui d'un guichet.")
        elif file is not None:
            try:
                text = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", "Ce fichier n'est pas un texte en UTF-8\u00a0: enregistrez-le dans ce format.")
        if not text and not self.errors:
            self.add_error("file", "Choisissez le fichier à importer.")
        return {**cleaned, "text": (text or "").replace("\r\n", "\n").replace("\x00", "")}


@require_http_methods(["GET", "HEAD", "POST"])
def import_guichet(request: HttpRequest) -> HttpResponse:
    """Choose a file, read what it would change, confirm."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    flaws: list[str] = []
    plan = None
    text = ""
    if request.method == "POST" and form.is_valid():
        text = str(form.cleaned_data["text"])
        try:
            data = catalog.read(text)
            plan = catalog.plan(data)
            if "confirm" in request.POST:
                guichet = catalog.apply(data, by=administrator(request))
                messages.success(request, f"Le guichet «\u00a0{guichet.short_title}\u00a0» est importé.")
                return redirect("admin:dossiers_guichet_change", guichet.pk)
        except catalog.InvalidCatalog as refusal:
            flaws, plan = refusal.flaws, None
        except workflow.Refused as refusal:
            flaws, plan = [str(refusal)], None
        except IntegrityError:
            flaws, plan = [CONTRADICTION], None
    return page(request, "import.html", "Importer un guichet", form=form, flaws=flaws, plan=plan, text=text)


class DuplicateForm(care_forms.Form):
    title = forms.CharField(label="Titre du nouveau guichet", max_length=250)
    code = forms.CharField(
        label="Code",
        max_length=40,
        validators=[validate_slug],
        help_text="Minuscules, chiffres et tirets, par exemple care-d3. Il ne change plus ensuite.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    guichet = get_object_or_404(Guichet, pk=pk)
    form = DuplicateForm(request.POST or None, initial={"title": f"{guichet.title} (copie)"[:250]})
    if request.method == "POST" and form.is_valid():
        try:
            copy = workflow.publication.duplicate_guichet(guichet, by=administrator(request), **form.cleaned_data)
        except workflow.Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(
                request, "Le guichet est dupliqué\u00a0: ses étapes sont sans dates, ses formulaires en brouillon."
            )
            return redirect("admin:dossiers_guichet_change", copy.pk)
    back = reverse("admin:dossiers_guichet_change", args=[pk])
    return page(request, "part_form.html", f"Dupliquer «\u00a0{guichet.short_title}\u00a0»", form=form, back=back)


@require_POST
def start_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """« Modifier le formulaire »: the draft of an étape, begun if need be."""
    stage = get_object_or_404(Stage, pk=pk)
    if not attempt(request, partial(workflow.publication.start_draft, stage, by=administrator(request))):
        return redirect("admin:dossiers_guichet_change", stage.guichet_id)
    draft = stage.revisions.filter(published_at=None).values_list("pk", flat=True).first()
    return redirect(home(draft)) if draft else redirect("admin:dossiers_guichet_change", stage.guichet_id)
