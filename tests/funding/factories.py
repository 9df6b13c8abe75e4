from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.management import call_command

from funding.schedule import queries
from funding.schedule.terms import Terms

GUICHET = "poc-essms"
FILE = settings.BASE_DIR / "fixtures" / "schedules" / "poc-essms.yaml"


def poc_terms() -> Terms:
    """The barème of the POC as it is shipped."""
    call_command("load_schedules", verbosity=0)
    terms = queries.current(GUICHET, on=date(2026, 6, 4))
    assert terms is not None
    return terms
