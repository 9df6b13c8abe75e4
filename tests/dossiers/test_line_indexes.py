"""Every page of the list is found in an index, however far (Q70, docs/adr/0037)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Q

from dossiers import queries
from dossiers.models import Line
from dossiers.queries.instruction import instruction_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kept", [Q(), ~Q(flags=[])], ids=["all", "to examine"])
@pytest.mark.parametrize("sort", [f"{sign}{column}" for column in queries.INSTRUCTION_SORTS for sign in ("", "-")])
def test_a_far_page_sorts_nothing_and_reads_an_index_alone(sort: str, kept: Q) -> None:
    filters = {"status": "transmitted", "regions__contains": ["84"], "track": "1", "establishment_type": "essms"}
    page = Line.objects.filter(kept, **filters).order_by(*instruction_order(sort)).values_list("pk")[5000:5050]
    with connection.cursor() as cursor:
        # On a table so small, whatever may be done otherwise would be.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    plan = page.explain()
    assert "Index Only Scan" in plan
    assert "Sort" not in plan
