"""The rules by which dossiers are given (I5, docs/adr/0051). What they do with a dossier: `assignment.follow_rule`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access, queries
from dossiers.enums import BatchAction
from dossiers.models import AssignmentRule, Batch, Guichet
from dossiers.models.assignment import RULE_TAKEN
from dossiers.workflow import batches
from dossiers.workflow.table import NotAllowed, Refused
from ecare import audit, french
from ecare.models import AuditKind
from establishments.models import Region


@transaction.atomic
def save(
    rule: AssignmentRule | None,
    *,
    by: User,
    guichet: Guichet | None,
    region: Region | None,
    people: Sequence[User],
    read: int = 0,
) -> AssignmentRule:
    """Add a rule, or write `rule` again as its version `read` was on the page.

    Raises NotAllowed, Refused without anybody, when another has the same guichet and région, or changed meanwhile.
    """
    kept = _locked(rule, by=by, read=read) if rule is not None else AssignmentRule()
    _check_editor(by)
    if not people:
        raise Refused("Choisissez au moins une personne.")
    kept.guichet, kept.region = guichet, region
    kept.changed_at, kept.changed_by = timezone.now(), by
    kept.version = kept.version + 1 if rule is not None else 1
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise Refused(RULE_TAKEN) from error
    kept.people.set(people)
    _audit(kept, by=by, change="changed" if rule is not None else "added")
    return kept


@transaction.atomic
def remove(rule: AssignmentRule, *, by: User, read: int) -> None:
    """Remove a rule: what it gave stays given. Raises NotAllowed, Refused when it changed meanwhile."""
    kept = _locked(rule, by=by, read=read)
    _audit(kept, by=by, change="removed")
    kept.delete()


@transaction.atomic
def prepare(rule: AssignmentRule, *, by: User, at: dt.datetime) -> Batch:
    """A batch that gives what waits and falls to a rule to its people, in turn. Raises NotAllowed, Refused when they
    are all away, or nothing waits."""
    _check_editor(by)
    people = queries.in_turn(rule, on=timezone.localdate(at))
    if not people:
        raise Refused("Toutes les personnes de cette règle sont absentes\u00a0: modifiez-la, ou attendez leur retour.")
    waiting = queries.unassigned(by).filter(queries.falls_to(rule, queries.rules()))
    if not waiting.exists():
        raise Refused("Plus aucun dossier sans vérificateur ne correspond à cette règle.")
    ordered = waiting.order_by("transmitted_at", "pk")
    return batches.prepare(ordered, BatchAction.ASSIGN, by=by, at=at, query="verificateur=personne", to=people)


def _check_editor(by: User) -> None:
    if not access.may_assign(by):
        raise NotAllowed("Vous ne pouvez pas modifier les règles d'attribution.")


def _locked(rule: AssignmentRule, *, by: User, read: int) -> AssignmentRule:
    _check_editor(by)
    now = AssignmentRule.objects.select_for_update(of=("self",)).select_related("changed_by").filter(pk=rule.pk).first()
    if now is None:
        raise Refused("Cette règle a été supprimée entre-temps.")
    if now.version != read:
        raise Refused(
            f"Cette règle a été modifiée le {french.moment(now.changed_at)} par {now.changed_by.full_name}, depuis que "
            "vous l'avez ouverte\u00a0: relisez-la avant de la modifier."
        )
    return now


def _audit(rule: AssignmentRule, *, by: User, change: str) -> None:
    people = [str(each.public_id) for each in rule.people.all()]
    audit.record(
        AuditKind.ADMINISTERED,
        by=by,
        subject=f"dossiers.assignmentrule {rule.pk}",
        people=people,
        **{change: rule.version},
    )
