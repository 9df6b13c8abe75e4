from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone

from notifications.enums import State
from notifications.models import Email


class EmailFactory(factory.django.DjangoModelFactory):
    """An e-mail that waits, about a dossier."""

    class Meta:
        model = Email

    class Params:
        code = factory.Trait(is_code=True, about="", text="Votre code : 123456", html="<p>123456</p>")
        failed = factory.Trait(state=State.FAILED, attempts=7, next_attempt_at=None, last_error="SMTPDataError: non")
        sent = factory.Trait(
            state=State.SENT, attempts=1, next_attempt_at=None, sent_at=factory.LazyFunction(timezone.now)
        )

    key = factory.Sequence("event-{}".format)
    kind = "hello"
    to = factory.Sequence("personne{}@exemple.fr".format)
    subject = "Dossier NSCQGGBPCA transmis"
    text = "Bonjour,\n\nVotre dossier est transmis.\n"
    html = "<p>Votre dossier est transmis.</p>"
    message_id = factory.Sequence("<{}@exemple.fr>".format)
    about = "NSCQGGBPCA"

    @classmethod
    def waiting(cls, age: timedelta, **fields: object) -> Email:
        """An e-mail written some time ago."""
        then = timezone.now() - age
        return cls.create(created_at=then, next_attempt_at=then, **fields)
