"""The one reading of a form: what is asked, what counts, what the subsidy is, and what a transmission keeps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dossiers import queries, workflow
from dossiers.enums import Status
from dossiers.kinds import Raw
from dossiers.models import Answer, DossierStage, Transmission
from dossiers.sheet import Entry, Sheet
from establishments.models import GeographicEntity, LegalEntity
from funding.schedule import terms
from funding.schedule import workflow as schedule_workflow
from funding.schedule.estimates import Estimate
from funding.schedule.models import Schedule
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.establishments.factories import GeographicEntityFactory, RegionFactory

pytestmark = pytest.mark.django_db


def sheet(stage: DossierStage) -> Sheet:
    return queries.sheet(factories.fresh(stage))


def entry(stage: DossierStage, code: str) -> Entry:
    found = sheet(stage).entry(code)
    assert found is not None
    return found


def mandatory(stage: DossierStage) -> set[str]:
    return {each.code for each in sheet(stage).shown if each.question.mandatory}


def counted(stage: DossierStage) -> tuple[int, int]:
    completion = sheet(stage).completion
    return completion.answered, completion.total


def transmission_of(stage: DossierStage) -> Transmission:
    return stage.transmissions.latest("number")


# Completeness


def test_a_plain_essms_sees_nineteen_mandatory_questions() -> None:
    stage = factories.draft()
    assert counted(stage) == (0, 19)
    assert sheet(stage).completion.percent == 0
    factories.fill(stage)
    assert counted(stage) == (19, 19)
    assert sheet(stage).completion.percent == 100
    assert sheet(stage).missing == []


def test_each_of_the_nineteen_is_needed() -> None:
    """Left out one by one: the sidebar, the recap and the transmission say the same."""
    stage = factories.fill(factories.draft())
    for code in mandatory(stage):
        answer = stage.answers.filter(code=code).first()
        files = list(stage.attachments.filter(code=code))
        if files:
            stage.attachments.filter(code=code).update(archived_at=timezone.now())
        else:
            stage.answers.filter(code=code).delete()

        assert counted(stage) == (18, 19)
        assert sheet(stage).completion.percent == 94
        assert [each.code for each in sheet(stage).missing] == [code]
        with pytest.raises(workflow.Incomplete) as refusal:
            factories.transmit(stage)
        assert [each.code for each in refusal.value.missing] == [code]

        if files:
            stage.attachments.filter(code=code).update(archived_at=None)
        elif answer:
            answer.save(force_insert=True)
    assert counted(stage) == (19, 19)
    assert factories.transmit(stage).status == Status.TRANSMITTED


def test_a_bank_answer_needs_its_rib_and_a_rib_its_bank_answer() -> None:
    stage = factories.fill(factories.draft(), bank=None)
    assert not entry(stage, "bank").is_answered, "the RIB alone"
    factories.save(stage, bank={"holder": "A", "iban": factories.IBAN, "bic": factories.BIC})
    assert entry(stage, "bank").is_answered
    stage.attachments.filter(code="bank").update(archived_at=timezone.now())
    assert not entry(stage, "bank").is_answered, "the account alone"


@pytest.mark.parametrize(
    ("code", "opener", "closer", "opened"),
    [
        ("applicant_kind", {"value": "convention"}, {"value": "og"}, {"partnership_agreement"}),
        ("applicant_type", {"value": "hospital"}, {"value": "public"}, {"perimeter_separation", "care_funding"}),
    ],
)
def test_conditional_questions_count_only_while_they_are_shown(
    code: str, opener: Raw, closer: Raw, opened: set[str]
) -> None:
    stage = factories.fill(factories.draft())
    plain = mandatory(stage)
    factories.save(stage, **{code: opener})
    assert mandatory(stage) == plain | opened
    assert counted(stage) == (19, 19 + len(opened))
    factories.save(stage, **{code: closer})
    assert mandatory(stage) == plain
    assert counted(stage) == (19, 19)


def several_regions() -> LegalEntity:
    entity = factories.entity(sites=1)
    GeographicEntityFactory(legal_entity=entity, region=RegionFactory(code="94"))
    return entity


def test_several_regions_ask_for_the_reference_region() -> None:
    stage = factories.fill(factories.draft(legal_entity=several_regions()))
    assert counted(stage) == (19, 20)
    assert "reference_regions" in mandatory(stage)
    factories.save(stage, reference_regions={"value": ["94"]})
    assert counted(stage) == (20, 20)
    one = GeographicEntity.objects.get(region_id="11")
    factories.save(stage, perimeter={"sites": [one.finess], "equipped": [one.finess]})
    assert counted(stage) == (19, 19)


def test_a_condition_is_not_met_by_an_invalid_answer() -> None:
    stage = factories.fill(factories.draft())
    Answer.objects.filter(dossier_stage=stage, code="applicant_kind").update(raw={"value": "convention"}, value=None)
    assert "partnership_agreement" not in mandatory(stage)


def test_a_condition_sees_only_what_is_shown(chained: DossierStage) -> None:
    """A question opened by a hidden question is hidden too."""
    factories.save(chained, first={"value": "yes"}, second={"value": "yes"}, third={"value": "Texte"})
    assert [each.code for each in sheet(chained).shown] == ["first", "second", "third"]
    factories.save(chained, first={"value": "no"})
    assert [each.code for each in sheet(chained).shown] == ["first"]
    factories.save(chained, first={"value": "yes"})
    assert sheet(chained).completion.is_complete, "what was typed is kept while hidden"


@pytest.fixture
def chained() -> DossierStage:
    yes_no = {"choices": [{"value": "yes", "label": "Oui"}, {"value": "no", "label": "Non"}]}
    choice: dict[str, Any] = {"kind": "single_choice", "label": "Choix", "short_label": "Choix", "options": yes_no}
    guichet = factories.guichet(
        questions=[
            {**choice, "code": "first"},
            {**choice, "code": "second", "shown_when": {"question": "first", "in": ["yes"]}},
            {
                "code": "third",
                "kind": "short_text",
                "label": "Texte",
                "short_label": "Texte",
                "shown_when": {"question": "second", "in": ["yes"]},
            },
        ]
    )
    return factories.draft(stage=guichet.stages.get())


def test_an_optional_answer_in_error_stops_the_transmission() -> None:
    stage = factories.fill(factories.draft(), comment={"value": "x" * 5001})
    assert counted(stage) == (19, 19)
    assert [each.code for each in sheet(stage).missing] == ["comment"]
    with pytest.raises(workflow.Incomplete):
        factories.transmit(stage)


def test_what_is_typed_is_kept_marked_and_not_counted_when_it_is_wrong() -> None:
    """D6."""
    stage = factories.fill(factories.draft(), bank={"holder": "A", "iban": "FR76 0000", "bic": factories.BIC})
    bank = entry(stage, "bank")
    assert (bank.state, bank.is_answered, bank.raw["iban"]) == ("invalid", False, "FR76 0000")
    assert "IBAN comporte une erreur" in str(bank.form["iban"].errors)
    assert counted(stage) == (18, 19)


# What a transmission keeps


def test_hidden_answers_are_kept_but_not_transmitted() -> None:
    stage = factories.draft()
    factories.fill(
        stage,
        applicant_kind={"value": "convention"},
        applicant_type={"value": "hospital"},
        perimeter_separation={"value": "Deux réseaux."},
        care_funding={"value": "Aucun."},
        partnership_agreement=[factories.pdf("Convention.pdf")],
    )
    factories.save(stage, applicant_kind={"value": "og"}, applicant_type={"value": "public"})

    stage = factories.transmit(stage)

    transmission = transmission_of(stage)
    assert not {"perimeter_separation", "care_funding", "partnership_agreement"} & transmission.answers.keys()
    names = [link.attachment.name for link in transmission.files.select_related("attachment")]
    assert "Convention.pdf" not in names
    assert stage.answers.get(code="care_funding").raw == {"value": "Aucun."}
    assert stage.attachments.active().filter(name="Convention.pdf").exists()


def test_a_snapshot_holds_every_answer_every_file_and_the_applicant() -> None:
    stage = factories.transmitted(overrides={"comment": {"value": "  Merci.  "}})
    transmission = transmission_of(stage)
    assert transmission.number == 1
    assert transmission.by == stage.dossier.referent
    shown = {each.code: each.value for each in sheet(stage).shown if each.value is not None}
    assert transmission.answers == shown
    assert transmission.answers["comment"] == "Merci."
    assert [link.attachment.code for link in transmission.files.select_related("attachment")] == [*factories.SLOTS]
    entity = stage.dossier.legal_entity
    assert transmission.applicant == {
        "finess": entity.finess,
        "name": entity.name,
        "type": "ESSMS",
        "region": "Île-de-France",
        "referent": stage.dossier.referent.full_name,
        "referent_email": stage.dossier.referent.email,
    }


def test_a_correction_under_way_never_touches_what_was_transmitted() -> None:
    """D11, D7: also when a file is archived and another takes its place."""
    stage = factories.modification_requested()
    referent, at = stage.dossier.referent, timezone.now()
    before = Transmission.objects.values().get()
    files = {link.attachment_id for link in transmission_of(stage).files.all()}

    factories.save(stage, track={"value": "3"})
    old = stage.attachments.get(code="framework_files")
    workflow.archive_file(old, by=referent, at=at)
    new = workflow.add_file(stage, "framework_files", factories.docx("Cadre corrigé.docx"), by=referent, at=at)

    assert Transmission.objects.values().get() == before
    assert {link.attachment_id for link in transmission_of(stage).files.all()} == files
    stage = factories.transmit(stage)
    second = transmission_of(stage)
    assert second.number == 2
    assert second.answers["track"] == {"choice": "3"}
    assert {link.attachment_id for link in second.files.all()} == files - {old.pk} | {new.pk}
    assert old.file.storage.exists(old.file.name), "the archived file stays readable in the first transmission"


def test_contacts_are_frozen_once_transmitted_even_when_posted() -> None:
    """D12, Q&A 1.10: RSSI and DSI, not the signatory."""
    stage = factories.modification_requested()
    other = factories.contact(last_name="Intrus")
    saved = factories.save(stage, contact_ciso=other, contact_cio=other, contact_signatory=other)
    assert saved.written == ["contact_signatory"]
    assert saved.conflicts == []
    names = {code: entry(stage, code).value["last_name"] for code in ("contact_ciso", "contact_cio")}
    assert names == {"contact_ciso": "Durand", "contact_cio": "Petit"}
    typed = sheet(stage)
    typed.retype({"contact_ciso": other})
    assert typed.entry("contact_ciso").value["last_name"] == "Durand"  # type: ignore[union-attr]


def test_contacts_can_change_until_the_first_transmission() -> None:
    stage = factories.fill(factories.draft())
    assert factories.save(stage, contact_ciso=factories.contact(last_name="Autre")).written == ["contact_ciso"]


def test_a_frozen_slot_takes_and_loses_no_file() -> None:
    questions = [
        {"code": "proof", "kind": "files", "label": "Preuve", "short_label": "P", "frozen_after_transmission": True}
    ]
    stage = factories.draft(stage=factories.guichet(questions=questions).stages.get())
    referent, at = stage.dossier.referent, timezone.now()
    attachment = workflow.add_file(stage, "proof", factories.pdf(), by=referent, at=at)
    factories.transmit(stage)
    workflow.request_modification(
        stage, by=UserFactory(verifier=True), message="Encore.", remarks={}, due_at=at + dt.timedelta(days=1)
    )
    with pytest.raises(workflow.FileRefused, match="ne peut plus"):
        workflow.add_file(stage, "proof", factories.pdf(), by=referent, at=at)
    with pytest.raises(workflow.FileRefused, match="ne peut plus"):
        workflow.archive_file(attachment, by=referent, at=at)
    assert [each.pk for each in stage.attachments.active()] == [attachment.pk]


# The subsidy (F1, F2)


def equipped(entity: LegalEntity) -> Raw:
    sites: list[str | list[str]] = sorted(entity.sites.filter(is_active=True).values_list("finess", flat=True))
    return {"sites": sites, "equipped": sites}  # type: ignore[dict-item]


@pytest.mark.parametrize(("track", "sites", "total"), [("1", 2, 18_800), ("2", 8, 102_000), ("3", 25, 115_600)])
def test_the_form_and_the_snapshot_say_the_amounts_of_the_guide(track: str, sites: int, total: int) -> None:
    """F1, Q&A 3.5."""
    stage = factories.fill(factories.draft(sites=sites), track={"value": track})
    estimate = sheet(stage).estimate
    assert estimate is not None
    assert estimate.total == Decimal(total)
    kept = transmission_of(factories.transmit(stage))
    assert Estimate.from_json(kept.estimate or {}) == estimate
    assert kept.schedule == Schedule.objects.get()


def test_only_equipped_essms_of_the_perimeter_are_counted() -> None:
    """F2: four candidate sites of which one is not equipped and one is a hospital; a fifth is no candidate."""
    entity = factories.entity(sites=4)
    GeographicEntityFactory(legal_entity=entity, es=True)
    stage = factories.draft(legal_entity=entity)
    homes = sorted(entity.sites.filter(category__is_essms=True).values_list("finess", flat=True))
    hospital = entity.sites.get(category__is_essms=False).finess
    chosen = sorted([*homes[:3], hospital])
    factories.fill(stage, perimeter={"sites": chosen, "equipped": sorted([*homes[:2], hospital])})
    assert sheet(stage).eligible_sites == 2
    assert sheet(stage).estimate.total == Decimal("18800.00")  # type: ignore[union-attr]


@pytest.mark.parametrize("missing", ["track", "perimeter"])
def test_an_estimate_waits_for_a_track_but_not_for_sites(missing: str) -> None:
    stage = factories.fill(factories.draft(), **{missing: None})
    estimate = sheet(stage).estimate
    if missing == "track":
        assert estimate is None
    else:
        assert estimate is not None
        assert estimate.total == 0


def newer_schedule(**fields: Any) -> Schedule:
    current = schedule_workflow.content_of(Schedule.objects.get(version=1))
    content = schedule_workflow.Content(
        valid_from=fields.get("valid_from", timezone.localdate()),
        tracks=fields.get("tracks", current.tracks),
        brackets=current.brackets,
    )
    return schedule_workflow.publish(schedule_workflow.draft("poc-essms", version=2, content=content).pk)


def test_the_snapshot_keeps_its_schedule_when_another_comes_into_force() -> None:
    first = factories.transmitted()
    schedule = newer_schedule(tracks=(terms.Track("1", "Parcours 1", Decimal(1000)),))
    second = factories.transmitted()
    assert transmission_of(first).estimate["total"] == "18800.00"  # type: ignore[index]
    assert transmission_of(second).estimate["total"] == "2000.00"  # type: ignore[index]
    assert transmission_of(second).schedule == schedule


def test_a_schedule_that_changes_after_the_recap_has_to_be_read_again() -> None:
    """Q35: the snapshot is what the recap showed, the subsidy included."""
    stage = factories.fill(factories.draft())
    seen = factories.seen(stage)
    newer_schedule(tracks=(terms.Track("1", "Parcours 1", Decimal(1000)),))
    with pytest.raises(workflow.Changed):
        workflow.transmit(stage, by=stage.dossier.referent, at=timezone.now(), seen=seen)
    assert factories.transmit(stage).status == Status.TRANSMITTED


def test_a_track_that_the_schedule_forgot_has_no_estimate_and_breaks_nothing() -> None:
    stage = factories.fill(factories.draft(), track={"value": "3"})
    newer_schedule(tracks=(terms.Track("1", "Parcours 1", Decimal(1000)),))
    assert sheet(stage).estimate is None
    assert transmission_of(factories.transmit(stage)).estimate is None


def test_a_guichet_without_subsidy_has_no_estimate(chained: DossierStage) -> None:
    assert sheet(chained).estimate is None


# What the recap showed (Q35)


def test_the_fingerprint_follows_everything_shown_and_nothing_else() -> None:
    stage = factories.fill(factories.draft())
    seen = {factories.seen(stage)}

    def changed() -> bool:
        before = len(seen)
        seen.add(factories.seen(stage))
        return len(seen) > before

    assert not changed()
    factories.save(stage, comment={"value": "Un mot"})
    assert changed()
    attachment = workflow.add_file(
        stage, "framework_files", factories.pdf(), by=stage.dossier.referent, at=timezone.now()
    )
    assert changed()
    workflow.archive_file(attachment, by=stage.dossier.referent, at=timezone.now())
    factories.save(stage, comment={})
    assert not changed(), "back to what was read first"
    factories.save(stage, care_funding={"value": "Caché"})
    assert not changed(), "a hidden answer"
    factories.save(stage, contact_ciso=factories.contact(phone="01"))
    assert changed(), "an invalid answer"


def test_transmitting_without_having_read_the_recap_is_refused() -> None:
    stage = factories.fill(factories.draft())
    for seen in ("", "x" * 64):
        with pytest.raises(workflow.Changed):
            workflow.transmit(stage, by=stage.dossier.referent, at=timezone.now(), seen=seen)


# Sites that leave FINESS


def test_a_transmitted_perimeter_keeps_what_finess_said_that_day() -> None:
    stage = factories.transmitted()
    before = transmission_of(stage).answers["perimeter"]
    GeographicEntity.objects.update(name="Renommée", is_active=False, closed_on=timezone.localdate())
    assert transmission_of(stage).answers["perimeter"] == before


def test_a_candidate_site_that_closed_is_still_shown_so_that_it_can_be_unticked() -> None:
    """Otherwise the next save would drop it without a word, and the subsidy with it."""
    stage = factories.fill(factories.draft(sites=2))
    closed = stage.dossier.legal_entity.sites.order_by("finess")[0]
    GeographicEntity.objects.filter(pk=closed.pk).update(is_active=False, closed_on=timezone.localdate())
    form: Any = entry(stage, "perimeter").form
    rows = {row.entity.finess: row for group in form.groups for row in group.rows}
    assert rows.keys() == set(stage.dossier.legal_entity.sites.values_list("finess", flat=True))
    assert (rows[closed.finess].chosen, rows[closed.finess].gone) == (True, True)
    assert sum(row.gone for row in rows.values()) == 1


# Cost


@pytest.mark.parametrize("filled", [False, True])
def test_a_sheet_costs_at_most_five_queries(
    filled: bool, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    stage = factories.draft(sites=30)
    if filled:
        files: list[Any] = [factories.pdf(f"{number}.pdf") for number in range(10)]
        factories.fill(stage, framework_files=files)
    stage = factories.fresh(stage)
    queries.sections(stage.revision)  # once a process
    with django_assert_max_num_queries(5):
        read = queries.sheet(stage)
        assert read.completion.total
        assert read.estimate is not None or not filled
        assert read.fingerprint
        assert [each.form for each in read.shown]
