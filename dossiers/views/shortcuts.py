"""The keyboard shortcuts of the back-office: which they are, and the switch that turns them off (WCAG 2.1.4)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access as accounts_access
from accounts import workflow as accounts_workflow
from dossiers.views.instruction import instructors_only


@require_http_methods(["GET", "HEAD", "POST"])
def shortcuts(request: HttpRequest) -> HttpResponse:
    """The page that the dialog stands for without JavaScript. A POST turns them on or off, and goes back."""
    user = instructors_only(request)
    if request.method != "POST":
        return render(request, "dossiers/instruction/shortcuts/index.html")
    on = request.POST.get("shortcuts") == "on"
    accounts_workflow.choose_shortcuts(user, on)
    done = "activés\u00a0: «\u00a0?\u00a0» les rappelle." if on else "désactivés, dans tous vos navigateurs."
    messages.success(request, f"Les raccourcis clavier sont {done}")
    return redirect(accounts_access.safe_next(request) or "dossiers:shortcuts")
