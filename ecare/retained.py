"""What the ground floor keeps for a time: see `ecare.retention`."""

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet

from ecare.models import AuditEntry, Limit
from ecare.retention import Rule, deleting


def limits_over(now: dt.datetime) -> QuerySet[Limit]:
    return Limit.objects.filter(expires_at__lte=now)


def old_audit_lines(now: dt.datetime) -> QuerySet[AuditEntry]:
    """With the addresses they hold; their seals stay. The database refuses it for lines of less than a year, whatever
    the setting."""
    return AuditEntry.objects.filter(at__lt=now - settings.AUDIT_KEPT).exclude(seal=None)


RULES = [
    Rule("limits", "Compteurs de limites échus", limits_over, "expires_at", deleting(limits_over)),
    Rule("audit", "Lignes du journal d'audit", old_audit_lines, "at", deleting(old_audit_lines), kept="AUDIT_KEPT"),
]
