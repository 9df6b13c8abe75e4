"""What the room of subsidies keeps for a time: see `ecare.retention`."""

import datetime as dt

from django.db.models import QuerySet

from ecare.retention import Rule, deleting
from funding.models import ExpenseImport

#: A file is confirmed once its summary is read.
WAITING_FOR = dt.timedelta(days=1)


def imports_given_up(now: dt.datetime) -> QuerySet[ExpenseImport]:
    """Files that nobody confirmed: their référent has them."""
    return ExpenseImport.objects.filter(at__lt=now - WAITING_FOR)


RULES = [
    Rule("expense_imports", "Imports de trame jamais confirmés", imports_given_up, "at", deleting(imports_given_up)),
]
