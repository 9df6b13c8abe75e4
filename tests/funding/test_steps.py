"""The list of subsidies by step: what PostgreSQL keeps of each is what the rules say, whatever happens to it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from dossiers import workflow as workflow_of_dossiers
from dossiers.enums import StageEntry, Status
from dossiers.models import DossierStage, Stage
from funding import queries, workflow
from funding.enums import AgreementState, GrantStep
from funding.models import Agreement, Grant, SubsidyStep
from funding.queries.subsidies import step_of
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.establishments.factories import RegionFactory
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db
PAGE = reverse("funding:subsidies")


def recounted() -> dict[int, tuple[str, object]]:
    """The step of each étape that carries a subsidy, worked out one by one from the rows themselves."""
    found = {}
    for stage in DossierStage.objects.filter(status=Status.VALIDATED).select_related("stage"):
        estimated = any(each.schedule_id for each in stage.transmissions.all())
        if stage.stage.entry != StageEntry.START or not estimated:
            continue
        grant = Grant.objects.filter(dossier=stage.dossier_id).first()
        states = [each.state for each in Agreement.objects.filter(grant=grant) if each.state != AgreementState.REPLACED]
        step = step_of(grant, states[0] if states else None) if grant else GrantStep.TO_GRANT
        found[stage.pk] = (step.value, stage.decided_at)
    return found


def kept() -> dict[int, tuple[str, object]]:
    found = {each.pk: (each.step, each.decided_at) for each in SubsidyStep.objects.all()}
    assert found == recounted()
    return found


def step(stage: DossierStage) -> str:
    """The step kept for it, all of them being those of the rules; blank when it carries no subsidy."""
    return kept().get(stage.pk, ("",))[0]


def test_a_step_is_kept_from_the_validation_to_the_convention_checked() -> None:
    verifier, lead = UserFactory(verifier=True), UserFactory(lead=True)
    stage = factories.transmitted()
    other = factories.validated()
    assert (step(stage), step(other)) == ("", GrantStep.TO_GRANT)
    workflow_of_dossiers.validate(stage, by=verifier)
    assert step(stage) == GrantStep.TO_GRANT
    workflow_of_dossiers.reopen(factories.fresh(stage), by=lead, reason="Une pièce manque.")
    assert step(stage) == ""
    workflow_of_dossiers.validate(factories.fresh(stage), by=verifier)
    grant = subsidies.granted(factories.fresh(stage), verifier=verifier)
    assert step(stage) == GrantStep.TO_SEND
    agreement = workflow.agreements.send(grant, by=verifier)
    assert step(stage) == GrantStep.TO_SIGN
    for copy, expected in (("Une.pdf", GrantStep.TO_SIGN), ("Deux.pdf", GrantStep.SETTLED)):
        agreement = workflow.agreements.sign(agreement, factories.pdf(copy), by=grant.dossier.referent)
        assert step(stage) == GrantStep.TO_CHECK
        read = agreement.signed_copy_id or 0
        if expected == GrantStep.TO_SIGN:
            agreement = workflow.agreements.refuse(agreement, by=verifier, read=read, reason="Page 2.")
        else:
            workflow.agreements.accept(agreement, by=verifier, read=read)
        assert step(stage) == expected
    assert step(other) == GrantStep.TO_GRANT, "nothing of the first one reached it"


def test_a_convention_sent_again_waits_again_and_without_one_nothing_does() -> None:
    sent = subsidies.sent()
    again = workflow.agreements.send(sent.grant, by=sent.sent_by)
    assert again.number == 2
    assert step(sent.grant.dossier_stage) == GrantStep.TO_SIGN
    bare = subsidies.granted(with_agreement=False)
    assert step(bare.dossier_stage) == GrantStep.SETTLED


def test_what_follows_an_application_carries_no_step_of_its_own() -> None:
    stage = reached.decided()
    workflow_of_dossiers.validate(stage, by=UserFactory(verifier=True))
    assert step(stage) == ""
    assert len(kept()) == 1
    # An étape that becomes the first one, and back: administrators may say so.
    Stage.objects.filter(pk=stage.stage_id).update(entry=StageEntry.ON_REQUEST)
    first = Stage.objects.get(guichet=stage.stage.guichet_id, entry=StageEntry.START)
    Stage.objects.filter(pk=first.pk).update(entry=StageEntry.ON_REQUEST)
    assert kept() == {}
    Stage.objects.filter(pk=first.pk).update(entry=StageEntry.START)
    assert len(kept()) == 1


def test_rows_written_out_of_order_and_rows_that_go_are_seen() -> None:
    """As a volume is written, and as a dossier goes for good: behind the workflow."""
    stage = factories.validated()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; DELETE FROM funding_subsidystep")
        cursor.execute("CREATE TEMP TABLE sent AS SELECT * FROM dossiers_transmission")
        cursor.execute("DELETE FROM dossiers_transmission")
        cursor.execute("SET LOCAL session_replication_role = origin")
        assert kept() == {}
        cursor.execute("INSERT INTO dossiers_transmission SELECT * FROM sent")
    assert step(stage) == GrantStep.TO_GRANT


def test_the_list_counts_and_shows_what_its_reader_may_read() -> None:
    RegionFactory(code="11")
    mine, other = UserFactory(regional=True), UserFactory(regional=True)
    stage = factories.validated()
    mine.regions.set(stage.dossier.legal_entity.region_codes)
    other.regions.set([RegionFactory(code="94")])
    for user, count in ((UserFactory(verifier=True), 1), (mine, 1), (other, 0), (stage.dossier.referent, 0)):
        assert queries.counters(user) == {each: count if each == GrantStep.TO_GRANT else 0 for each in GrantStep}
    assert stage.dossier.reference in pages.text(factories.signed_in(mine).get(PAGE))
    assert stage.dossier.reference not in pages.text(factories.signed_in(other).get(PAGE))


def test_the_list_costs_the_same_at_one_three_and_thirty_subsidies() -> None:
    desk = factories.signed_in(UserFactory(verifier=True))
    costs = []
    for count in (1, 3, 30):
        while SubsidyStep.objects.count() < count:
            factories.validated()
        costs.append(pages.cost(lambda: desk.get(PAGE)))
    assert len(set(costs)) == 1
    assert costs[0] <= 12
