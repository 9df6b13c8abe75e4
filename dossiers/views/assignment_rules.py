"""« Attribution »: the rules by which dossiers are given, as responsables keep them (I5)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, queries, workflow
from dossiers.assignment_forms import RuleForm
from dossiers.models import AssignmentRule
from dossiers.views import scope


def givers_only(request: HttpRequest) -> User:
    """The user, if he may give dossiers. Raises Http404 for others."""
    user = scope.user_of(request)
    if not access.may_assign(user):
        raise Http404
    return user


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The rules in the order in which they are asked, each with what waits and falls to it; then what each person has
    to instruct."""
    user = givers_only(request)
    rules = queries.rules()
    waiting = queries.unassigned_counts(user, rules)
    away = {each.user_id: each for each in queries.away(timezone.localdate(scope.received_at(request)))}
    instructors = list(accounts_queries.instructors())
    people = {each.pk for each in instructors}
    lines = [
        (
            rule,
            waiting[rule.pk],
            [(each, away.get(each.pk), each.pk in people) for each in rule.people.all()],
        )
        for rule in rules
    ]
    total = queries.unassigned(user).count()
    context = {
        "lines": lines,
        "total": total,
        "others": total - sum(waiting.values()),
        "loads": [(load, away.get(load.person.pk)) for load in queries.loads(instructors)],
    }
    return render(request, "dossiers/instruction/assignment/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """« Ajouter une règle »."""
    return edited(request, givers_only(request), None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Modifier une règle », or remove it. Changed meanwhile, it is shown as it is now."""
    user = givers_only(request)
    rule = get_object_or_404(AssignmentRule.objects.select_related("guichet", "region"), public_id=public_id)
    if request.method != "POST" or "remove" not in request.POST:
        return edited(request, user, rule)
    try:
        workflow.assignment_rules.remove(rule, by=user, read=scope.read_of(request))
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("dossiers:assignment-rules")
    messages.success(request, "La règle est supprimée. Les dossiers déjà attribués le restent.")
    return redirect("dossiers:assignment-rules")


def edited(request: HttpRequest, user: User, rule: AssignmentRule | None) -> HttpResponse:
    people = list(accounts_queries.instructors())
    form = RuleForm(request.POST if request.method == "POST" else None, people=people, rule=rule)
    label = rule.label if rule else ""
    if request.method == "POST" and form.is_valid():
        try:
            kept = workflow.assignment_rules.save(rule, by=user, **form.content)
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"La règle est enregistrée\u00a0: {kept.label}.")
            return redirect("dossiers:assignment-rules")
    context = {"form": form, "rule": rule, "label": label}
    return render(request, "dossiers/instruction/assignment/rule.html", context)


@require_POST
def prepare(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What waits and falls to a rule becomes a batch, to be confirmed."""
    user = givers_only(request)
    rule = get_object_or_404(AssignmentRule.objects.select_related("guichet", "region"), public_id=public_id)
    try:
        batch = workflow.assignment_rules.prepare(rule, by=user, at=scope.received_at(request))
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("dossiers:assignment-rules")
    return redirect("dossiers:batch", batch.public_id)
