"""Reminders (N1): drafts seven days and one day before the closing, corrections three days before their due date."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from dossiers import days, workflow
from dossiers.models import DossierStage
from ecare import french
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories

DAY = dt.timedelta(days=1)
INSTANT = dt.timedelta(microseconds=1)
REASON = "Panne nationale du fournisseur d'accès."


def in_days(number: int) -> dt.date:
    return timezone.localdate() + number * DAY


def end_of(day: dt.date) -> dt.datetime:
    end = days.closing(day)
    assert end is not None
    return end


def morning(number: int) -> dt.datetime:
    """When the e-mails of the day `number` days from now leave."""
    return days.morning(in_days(number))


@pytest.fixture
def draft(db: None) -> DossierStage:
    """A draft whose étape closes at the end of the twentieth day."""
    return factories.draft(stage=factories.poc(closes_at=end_of(in_days(20))))


def test_a_draft_is_told_of_its_closing_twice_from_seven_in_the_morning(draft: DossierStage) -> None:
    factories.transmitted()
    left = factories.draft()
    left.dossier.referent.is_active = False
    left.dossier.referent.save()
    ats = [morning(13) - INSTANT, morning(13), morning(13), morning(18)]
    ats += [morning(19) - INSTANT, morning(19), end_of(in_days(20)) - INSTANT, end_of(in_days(20))]
    assert [workflow.remind(at) for at in ats] == [0, 1, 0, 0, 0, 1, 0, 0]
    emails = Email.objects.filter(kind="reminder_draft")
    assert {email.to for email in emails} == {draft.dossier.referent.email}
    assert len(emails) == 2
    for email in emails:
        assert french.weekday(in_days(20)) in email.subject
        assert french.until(end_of(in_days(20))) in email.text


def test_what_was_due_while_nothing_ran_leaves_late_and_once(draft: DossierStage) -> None:
    assert [workflow.remind(at) for at in (morning(16), morning(16), morning(20), morning(20))] == [1, 0, 1, 0]


def test_a_deadline_that_moves_is_reminded_at_its_own_days(draft: DossierStage) -> None:
    """An exception, and an extension: whoever was just told of the new date is not told of it again."""
    admin, entity = UserFactory(admin=True), draft.dossier.legal_entity
    other = factories.draft()
    workflow.grant_late_access(draft.stage, entity, end_of(in_days(30)), by=admin, reason=REASON)
    assert workflow.remind(morning(13)) == 1, "the other"
    put_off = end_of(in_days(24))
    with time_machine.travel(morning(19)):
        workflow.move_closing(draft.stage, put_off, by=admin, reason=REASON)
    assert workflow.remind(morning(19)) == 0
    assert workflow.remind(morning(23)) == 2, "seven days before the end of the exception, one before the closing"
    told = Email.objects.filter(kind="reminder_draft")
    assert {email.to for email in told} == {draft.dossier.referent.email, other.dossier.referent.email}
    assert french.until(end_of(in_days(30))) in told.get(to=draft.dossier.referent.email).text


def test_a_draft_begun_after_the_reminder_was_due_knows_its_deadline(draft: DossierStage) -> None:
    at = morning(15)
    with time_machine.travel(at):
        factories.draft()
    assert workflow.remind(at) == 1


@pytest.mark.django_db
def test_a_correction_is_told_of_its_due_date_once_three_days_before() -> None:
    stage = factories.modification_requested(due_at=end_of(in_days(10)))
    factories.modification_requested(due_at=end_of(in_days(2)))  # has just been asked for
    answered = factories.modification_requested(due_at=end_of(in_days(10)))
    factories.transmit(answered)
    ats = (timezone.now(), morning(7) - INSTANT, morning(7), morning(8), end_of(in_days(10)))
    assert [workflow.remind(at) for at in ats] == [0, 0, 1, 0, 0]
    email = Email.objects.get(kind="reminder_correction")
    assert (email.to, email.about) == (stage.dossier.referent.email, stage.dossier.reference)
    assert french.until(end_of(in_days(10))) in email.text


@pytest.mark.django_db(transaction=True)
def test_whoever_transmits_meanwhile_is_not_reminded() -> None:
    """Two passes at once tell nobody twice either."""
    stage = factories.poc(closes_at=end_of(in_days(20)))
    drafts = [factories.fill(factories.draft(stage=stage)) for _ in range(4)]
    at = morning(19)
    outcomes = crowd.at_once(
        partial(workflow.remind, at),
        partial(workflow.remind, at),
        *[partial(factories.transmit, each) for each in drafts],
    )
    assert not [each for each in outcomes if isinstance(each, Exception)]
    for each in drafts:
        about = Email.objects.filter(about=each.dossier.reference).order_by("pk").values_list("kind", flat=True)
        assert list(about) in (
            ["dossier_created", "dossier_transmitted"],
            ["dossier_created", "reminder_draft", "dossier_transmitted"],
        )
