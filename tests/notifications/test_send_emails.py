from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from tests.notifications.factories import EmailFactory
from tests.notifications.sink import Sink


@pytest.mark.django_db
def test_one_pass_sends_what_waits_without_celery_nor_redis(sink: Sink) -> None:
    EmailFactory.create_batch(2)
    output = io.StringIO()
    call_command("send_emails", stdout=output)
    assert output.getvalue() == "2\u00a0e-mails envoyés\n"
    assert len(sink.contents) == 2
