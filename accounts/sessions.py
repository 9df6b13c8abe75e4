"""Sessions, kept in PostgreSQL with whose they are: listed, closed one by one, and nothing of them lost with Redis.

A session ends after half an hour without a request and twelve hours after the code, whichever comes first (Q14). Both
stand in `expire_date`, which Django's own store compares with the clock: nothing else has to remember the rule.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils import timezone

from accounts import browsers
from ecare.composed import Composed

IDLE = timedelta(minutes=30)
# A session is noted as in use once a minute at most: pages that only read write nothing the rest of the time.
NOTED_EVERY = timedelta(minutes=1)
OPENING = "opening"


class Session(AbstractBaseSession):
    """A session of Django, with whose it is. `expire_date` is when it ends unless it is used again, `ends_at` when it
    ends in any case. Neither the address of the visitor nor the signature of the browser is kept: a few words are."""

    # Not unique: a session that changes its key has two rows for an instant, and a refused insert is tried for ever.
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        db_index=False,  # the one below serves
        related_name="sessions",
        verbose_name="compte",
    )
    browser = models.CharField("navigateur", max_length=80, blank=True)
    opened_at = models.DateTimeField("ouverte le", default=timezone.now)
    last_seen_at = models.DateTimeField("dernière activité", default=timezone.now)
    ends_at = models.DateTimeField("fin au plus tard")

    class Meta:
        verbose_name = "session"
        verbose_name_plural = "sessions"
        indexes = [models.Index(fields=["account", "-last_seen_at"], name="session_of_account")]

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore


# Read at each request, as the account is (Q73).
OF_COOKIE = Composed(
    lambda key, at: Session.objects.filter(session_key=key, expire_date__gt=at),
    key="?",
    at=datetime(1, 1, 1, tzinfo=UTC),
)


class SessionStore(DatabaseStore):
    """Django's store, whose rows say whose session it is and when it was last used."""

    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        self.row = OF_COOKIE.first(key=self.session_key, at=timezone.now())
        if self.row is None:
            self._session_key = None  # a key that nobody gave is not one to keep
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        now, account = timezone.now(), data.get(auth.SESSION_KEY)
        if account and OPENING not in data:
            data[OPENING] = {"id": uuid.uuid4().hex, "at": now.isoformat(), "browser": ""}
        session = cast(Session, super().create_model_instance(data))
        session.ends_at, session.last_seen_at = session.expire_date, now
        if account:
            session.account_id = int(account)
            session.public_id = uuid.UUID(data[OPENING]["id"])
            session.opened_at, session.browser = data[OPENING]["at"], data[OPENING]["browser"]
            session.expire_date = min(session.ends_at, now + IDLE)
        self.row = session
        return session

    def touch(self, *, at_once: bool = False) -> None:
        """Note that somebody is there. A session closed meanwhile stays closed."""
        now = timezone.now()
        if self.row is None or (now - self.row.last_seen_at < NOTED_EVERY and not at_once):
            return
        Session.objects.filter(pk=self.session_key).update(
            last_seen_at=now, expire_date=Least(F("ends_at"), Value(now + IDLE))
        )
        self.row.last_seen_at, self.row.expire_date = now, min(self.row.ends_at, now + IDLE)

    @property
    def seconds_left(self) -> int:
        """How long the session lasts if nobody does anything; 0 when nobody is signed in."""
        if self.row is None or self.row.account_id is None:
            return 0
        return max(0, int((self.row.expire_date - timezone.now()).total_seconds()))


def of(request: HttpRequest) -> SessionStore:
    """The session of a request, which is always of this store."""
    return cast(SessionStore, request.session)


def opening(user_agent: str) -> dict[str, str]:
    """What a session keeps about how it was opened."""
    return {"id": uuid.uuid4().hex, "at": timezone.now().isoformat(), "browser": browsers.described(user_agent)}
