"""The demonstration: what a newcomer finds, and that asking for it twice changes nothing."""

from __future__ import annotations

import datetime as dt
import io
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.contrib.auth.password_validation import validate_password
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db.models import Count, F
from django.test import TestCase
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from dossiers import access, catalog, queries, steps, workflow
from dossiers.demo import cast, hospitals, loading
from dossiers.enums import Status
from dossiers.models import DossierStage, Milestone, Stage
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries import morning
from dossiers.workflow import vigilance
from funding.schedule import fixtures as schedules
from notifications.models import Email
from tests.accounts.factories import TermsVersionFactory, UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.creating import creatable
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory, RegionFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
GUICHETS = factories.FIXTURES / "guichets"


def prepare() -> None:
    """What `prepare` loads before the demonstration."""
    TermsVersionFactory()
    RegionFactory(code="84")
    for path in sorted(GUICHETS.glob("[0-9]*.yaml")):
        catalog.load(path)
    catalog.load_milestones(GUICHETS / "milestones.yaml")
    schedules.load(factories.FIXTURES / "schedules" / "poc-essms.yaml")
    for finess in sorted({finess for person in cast.PEOPLE for finess in person.entities}):
        entity = LegalEntityFactory(finess=finess)
        GeographicEntityFactory.create_batch(3, legal_entity=entity)


@pytest.fixture
def reference() -> None:
    prepare()


def seed() -> str:
    output = io.StringIO()
    call_command("seed_demo", stdout=output)
    return output.getvalue()


def of_the_poc() -> DossierStageQuerySet:
    return DossierStage.objects.filter(stage__guichet__code="poc-essms")


def everything() -> dict[str, str]:
    """Every row of every table of ours."""
    rooms = ("accounts", "dossiers", "establishments", "funding", "notifications")
    models = [model for room in rooms for model in apps.get_app_config(room).get_models()]
    return {model.__name__: serializers.serialize("json", model._default_manager.order_by("pk")) for model in models}


class TestSeeded(TestCase):
    """What a newcomer finds: loaded once, read by each test."""

    told: str

    @classmethod
    def setUpTestData(cls) -> None:
        prepare()
        cls.told = seed()

    def test_there_is_an_account_for_every_role_and_it_opens(self) -> None:
        assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
        assert len(cast.PASSWORD) >= 12
        for user in User.objects.all():
            assert user.is_activated
            assert user.is_active == (user.username != cast.LEFT.username)
            assert user.check_password(cast.PASSWORD)
            validate_password(cast.PASSWORD, user)
            assert user.email.endswith("@exemple.fr")

    def test_everyone_accepted_the_terms_but_the_newcomer(self) -> None:
        due = User.objects.with_terms_due().filter(terms_due=True)
        assert [user.username for user in due] == ["jeanne.lefevre"]

    def test_there_is_a_dossier_in_every_status(self) -> None:
        stages = list(of_the_poc().with_context())
        assert {stage.status for stage in stages} == set(Status.values)
        drafts = [queries.sheet(stage).completion for stage in stages if stage.status == Status.DRAFT]
        assert sorted(draft.percent for draft in drafts)[0] == 0
        assert 20 < sorted(draft.percent for draft in drafts)[1] < 80
        requested = next(stage for stage in stages if stage.status == Status.MODIFICATION_REQUESTED)
        request = queries.pending_request(requested)
        assert request is not None
        assert request.remarks.count() == 2
        assert requested.is_editable(timezone.now())
        assert DossierStage.objects.filter(transmissions__number=2).exists(), "two transmissions to compare"
        for stage in stages:
            if stage.status != Status.DRAFT:
                transmission = queries.latest_transmission(stage)
                assert transmission is not None
                assert transmission.estimate
                assert transmission.files.count() >= 5

    def test_each_account_has_something_to_do(self) -> None:
        now = timezone.now()
        people = {user.username: user for user in User.objects.all()}
        owner, colleague, several, newcomer, hospital, group = (people[person.username] for person in cast.PEOPLE[:6])
        assert queries.transferable(owner, colleague).count() == 1, "the guide's transfer can be tried"
        assert creatable(several, at=now), "and the creation of a dossier"
        assert creatable(newcomer, at=now)
        regional = next(user for user in people.values() if user.role == Role.REGIONAL)
        assert [region.pk for region in regional.regions.all()] == ["84"]
        verifier = next(user for user in people.values() if user.role == Role.VERIFIER)
        lead = next(user for user in people.values() if user.role == Role.LEAD)
        assert access.instructed_stages(verifier).filter(status=Status.TRANSMITTED).exists()
        validated = access.instructed_stages(lead).get(status=Status.VALIDATED, stage__guichet__code="poc-essms")
        assert "reopen" in workflow.allowed_moves(validated, lead)
        following = steps.after(validated)
        assert following is not None
        assert following.may_start(now), "its second étape is open"
        assert validated.dossier.referent == several
        assert {stage.stage.code for stage in access.own_stages(hospital)} == {"controle", "autoevaluation"}
        assert [stage.status for stage in access.own_stages(group)] == [Status.DRAFT]

    def test_a_responsable_has_a_takeover_to_decide_and_a_dossier_to_reassign(self) -> None:
        lead = User.objects.get(role=Role.LEAD)
        [asked], [vacant] = queries.to_decide(), queries.to_reassign()
        assert asked.dossier == vacant.dossier
        assert (asked.asker.username, asked.former.username) == (cast.CLAIMANT, cast.LEFT.username)
        assert vacant.dossier.vacant_since, "told already: the mailbox of a newcomer stays empty"
        page = pages.text(factories.signed_in(lead).get(f"/instruction/reprises/{asked.public_id}/"))
        assert cast.CLAIM in page
        workflow.takeovers.accept(asked, by=lead, at=timezone.now())
        assert not queries.to_reassign()

    def test_a_control_is_asked_for_and_scores_can_be_read(self) -> None:
        control = DossierStage.objects.with_context().get(stage__code="controle")
        assert (control.status, control.is_editable(timezone.now())) == (Status.DRAFT, True)
        earlier = control.dossier.stages.exclude(pk=control.pk).order_by("stage__position")
        assert [stage.status for stage in earlier] == [Status.VALIDATED, Status.VALIDATED]
        form = pages.text(pages.owner(control).get(pages.url("form", control)))
        assert hospitals.CONTROL in form, "what is asked stands on top of the form"
        assessed, started = (
            DossierStage.objects.with_context().filter(stage__code="autoevaluation").order_by("status")[::-1]
        )
        score = queries.score(assessed.transmissions.get())
        assert score is not None
        assert score.total.missing == 0
        assert len({axis.percent for axis in score.axes}) > 3, "bars of several lengths"
        beginning = queries.sheet(started).score
        assert beginning is not None
        assert 0 < beginning.total.missing < 23

    def test_a_verifier_finds_something_behind_each_figure_of_the_morning(self) -> None:
        verifier = User.objects.get(role=Role.VERIFIER)
        assert all(each.count for each in morning.waiting(verifier, timezone.now()))
        first = list(of_the_poc().exclude(first_transmitted_at=None).values_list("first_transmitted_at", flat=True))
        assert len({at.date() for at in first}) > len(first) / 2, "deposited on as many days as in a campaign"

    def test_a_verifier_finds_points_of_vigilance_and_files_of_several_kinds(self) -> None:
        vigilance.appraise_due()
        stage = of_the_poc().annotate(points=Count("flags")).order_by("points").last()
        assert stage is not None
        assert stage.status == Status.TRANSMITTED
        assert {"sanitary", "care_funding", "de_minimis", "shared_account"} <= set(
            stage.flags.values_list("kind", flat=True)
        )
        kinds = {name.rpartition(".")[2] for name in stage.attachments.values_list("name", flat=True)}
        assert kinds == {"docx", "pdf", "zip"}

    def test_poc_is_open_until_the_end_of_the_thirtieth_day(self) -> None:
        stage = Stage.objects.get(guichet__code="poc-essms", code="candidature")
        assert stage.is_open(timezone.now())
        last = timezone.localtime(stage.closes_at - dt.timedelta(seconds=1), PARIS)
        assert (last.hour, last.minute, last.second) == (23, 59, 59)
        assert last.date() == timezone.localdate() + dt.timedelta(days=30)
        assert timezone.localtime(stage.opens_at, PARIS).time() == dt.time.min

    def test_the_accounts_are_told_with_role_name_and_password(self) -> None:
        lines = self.told.splitlines()
        for person in cast.PEOPLE:
            line = next(line for line in lines if person.username in line)
            assert person.title in line
            assert cast.PASSWORD in line
        assert max(map(len, lines)) <= 120

    def test_the_mailbox_of_a_newcomer_is_empty_and_dossiers_show_their_emails(self) -> None:
        assert not Email.objects.due(timezone.now() + dt.timedelta(days=365)).exists()
        stage = of_the_poc().get(status=Status.VALIDATED)
        letters = Email.objects.about(stage.dossier.reference)
        assert {letter.kind for letter in letters} == {"dossier_created", "dossier_transmitted", "dossier_validated"}
        assert all(letter.text for letter in letters)
        assert not Email.objects.filter(about="").exclude(text="").exists(), "no link that opens an account is kept"

    def test_events_follow_one_another_as_people_act(self) -> None:
        stage = DossierStage.objects.get(status=Status.REJECTED)
        events = stage.events.exclude(to_status="").annotate(name=F("actor__username")).order_by("pk")
        assert [(event.to_status, event.name) for event in events] == [
            (Status.DRAFT, "helene.payet"),
            (Status.TRANSMITTED, "helene.payet"),
            (Status.REJECTED, "paul.girard"),
        ]


def days(before: dict[Any, Any], after: dict[Any, Any]) -> set[int]:
    return {(after[key] - day).days for key, day in before.items()}


def windows() -> dict[tuple[int, str], dt.date]:
    return {
        (stage.pk, name): timezone.localdate(getattr(stage, name))
        for stage in Stage.objects.all()
        for name in ("opens_at", "closes_at")
        if getattr(stage, name)
    }


def test_every_date_moves_by_the_same_number_of_days(reference: None) -> None:
    opened = {stage.pk for stage in Stage.objects.all() if (stage.guichet.code, stage.code) in loading.OPENED}
    stages_before = windows()
    milestones_before = dict(Milestone.objects.values_list("pk", "on"))
    seed()
    moved = days(stages_before, windows()) | days(milestones_before, dict(Milestone.objects.values_list("pk", "on")))
    assert len(moved) == 1
    assert {pk for pk, _ in windows().keys() - stages_before.keys()} == opened


def test_loading_the_guichets_again_keeps_the_shifted_windows(reference: None) -> None:
    seed()
    before = windows()
    for path in GUICHETS.glob("[0-9]*.yaml"):
        catalog.load(path)
    catalog.load_milestones(GUICHETS / "milestones.yaml")
    assert windows() == before
    assert catalog.opening(dt.date(2026, 3, 31)) not in set(Stage.objects.values_list("opens_at", flat=True))


@pytest.mark.parametrize("today", [dt.date(2026, 3, 20), dt.date(2026, 10, 20), dt.date(2027, 2, 26)])
def test_midnight_stays_midnight_when_clocks_change(today: dt.date) -> None:
    stage = factories.poc(
        opens_at=catalog.opening(dt.date(2026, 3, 27)), closes_at=catalog.closing(dt.date(2026, 6, 4))
    )
    loading.shift_windows(stage, today=today)
    stage.refresh_from_db()
    for at in (stage.opens_at, stage.closes_at):
        assert timezone.localtime(at, PARIS).time() == dt.time.min
    assert stage.closes_at == catalog.closing(today + dt.timedelta(days=30))
    # The window keeps its length in days, whatever the hour that one of them loses.
    assert timezone.localdate(stage.closes_at) - timezone.localdate(stage.opens_at) == dt.timedelta(days=70)


def test_a_second_run_changes_nothing_and_says_so(reference: None) -> None:
    first = seed()
    before = everything()
    second = seed()
    assert everything() == before
    assert "rien n'a changé" in second
    assert second.endswith(first), "the accounts are told again"


def test_nothing_is_made_without_the_establishments(reference: None) -> None:
    entity = loading.legal_entities()["060020443"]
    entity.is_active = False
    entity.save()
    before = everything()
    with pytest.raises(CommandError, match="060020443"):
        seed()
    assert everything() == before


def test_nothing_is_made_without_the_guichets() -> None:
    with pytest.raises(CommandError, match="prepare"):
        seed()
    assert not User.objects.exists()


def test_it_stands_on_what_is_shipped_and_takes_seconds() -> None:
    for command in ("load_reference", "load_terms", "load_schedules", "load_guichets"):
        call_command(command, stdout=io.StringIO())
    start = time.process_time()
    seed()
    assert time.process_time() - start < 20
    names = {entity.finess: entity.display_name for entity in loading.legal_entities().values()}
    assert names["010000255"] == "ASS.ACCUEIL FORMA INSERT PERSON SOURD"
    regions = {code for entity in loading.legal_entities().values() for code in entity.region_codes}
    assert {"84", "94", "03", "04"} <= regions, "Auvergne-Rhône-Alpes for its instructor, Corsica, overseas"


def test_a_database_in_use_is_left_alone(reference: None) -> None:
    """Real dates would move under real applicants, and a public password would open an account of administrator."""
    UserFactory()
    before = everything()
    with pytest.raises(CommandError, match="sans compte"):
        seed()
    assert everything() == before
