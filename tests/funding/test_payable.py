"""What may be paid of a subsidy: within what was granted, whatever the door (F5, F7)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from funding.models import Grant, ObjectiveShare
from funding.workflow import payable
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def test_nothing_is_payable_before_an_objective_is_accepted() -> None:
    grant = subsidies.granted()
    assert ObjectiveShare.objects.filter(track="1").exists()
    assert (grant.ceiling, grant.payable) == (Decimal(18800), Decimal(0))
    assert payable.payable(grant, {"diagnosis", "backups"}) == Decimal(11280)
    everything = {share.code for share in ObjectiveShare.objects.filter(track="1")}
    assert payable.payable(grant, everything) == Decimal(18800)
    assert payable.payable(grant, {"unknown"}) == 0


@pytest.mark.parametrize(
    "moved", [{"payable": -1}, {"payable": 18801}, {"ceiling": 18801}, {"ceiling": 1, "payable": 2}]
)
def test_the_database_keeps_what_is_payable_within_the_amount(moved: dict[str, int]) -> None:
    grant = subsidies.granted()
    with pytest.raises(IntegrityError, match="grant_payable_within_its_amount"), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(**moved)
