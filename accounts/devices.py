"""The second step: a six-digit code sent by e-mail, as a device of django-otp.

A code is verified through `django_otp.verify_token`, which locks the row first: calling `verify_token` on the device
directly would accept one code several times when it is posted several times at once (Q1).
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import hashers
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp.models import Device, ThrottlingMixin

VALIDITY = timedelta(minutes=10)  # guide p. 18, Q4
ATTEMPTS = 5  # wrong codes before a code is void (Q5)
RESEND_AFTER = timedelta(minutes=1)  # Q6
RESENDS_PER_HOUR = 5  # Q6
# Whoever knows the password may start new sign-ins: they are counted too, so that nobody's mailbox is flooded.
CODES_PER_HOUR = 12
# Beyond these successive failures, over any number of codes, attempts are spaced out: guessing stays hopeless, and
# waiting at most a quarter of an hour always gives another try (never a permanent lock).
FREE_FAILURES = 10
LONGEST_DELAY = timedelta(minutes=15)


def token(sign_in: str, code: str) -> str:
    """What `EmailCode.verify_token` verifies: the code together with the sign-in that asked for it (Q2)."""
    return f"{sign_in}:{code}"


class CappedDelay:
    """Failures of a device are spaced out, never for good: django-otp's own delay doubles without end, and would let
    whoever knows the password close the account of somebody else for days."""

    throttling_failure_count: int
    throttling_failure_timestamp: datetime | None

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        excess = self.throttling_failure_count - FREE_FAILURES
        if excess < 0 or self.throttling_failure_timestamp is None:
            return True, None
        delay = min(timedelta(seconds=2 ** min(excess, 20)), LONGEST_DELAY)
        locked_until = self.throttling_failure_timestamp + delay
        return (True, None) if timezone.now() >= locked_until else (False, {"locked_until": locked_until})

    def get_throttle_factor(self) -> float:
        return 1


class EmailCode(CappedDelay, ThrottlingMixin, Device):
    """One row per account: the newest code, hashed, bound to one sign-in, for one use."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="email_code", verbose_name="compte"
    )
    digest = models.CharField("empreinte du code", max_length=128, blank=True, editable=False)
    sign_in = models.CharField("connexion", max_length=64, blank=True, editable=False)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField("codes erronés", default=0, editable=False)
    recent_codes = ArrayField(
        models.DateTimeField(), verbose_name="codes demandés", default=list, blank=True, editable=False
    )
    recent_resends = ArrayField(
        models.DateTimeField(), verbose_name="renvois", default=list, blank=True, editable=False
    )

    class Meta:
        verbose_name = "code par e-mail"
        verbose_name_plural = "codes par e-mail"

    def generate_is_allowed(self, *, resend: bool = False) -> tuple[bool, dict[str, Any] | None]:
        """Whether a code may be sent now (Q6); if not, `next_generation_at` says when."""
        now = timezone.now()
        codes, resends = _last_hour(self.recent_codes, now), _last_hour(self.recent_resends, now)
        waits = []
        if len(codes) >= CODES_PER_HOUR:
            waits.append(codes[-CODES_PER_HOUR] + timedelta(hours=1))
        if resend and len(resends) >= RESENDS_PER_HOUR:
            waits.append(resends[-RESENDS_PER_HOUR] + timedelta(hours=1))
        if resend and codes and now < codes[-1] + RESEND_AFTER:
            waits.append(codes[-1] + RESEND_AFTER)
        return (False, {"next_generation_at": max(waits)}) if waits else (True, None)

    def generate_code(self, *, sign_in: str, resend: bool = False) -> str:
        """Replace the code by a new one for `sign_in` and return it, in clear for the last time (Q3, Q4)."""
        now = timezone.now()
        code = f"{secrets.randbelow(1_000_000):06d}"
        # A slow hash, as for a password: a million possibilities would not resist a fast one (ASVS 6.5.2).
        self.digest = hashers.make_password(code)
        self.sign_in = sign_in
        self.sent_at = now
        self.failures = 0
        self.recent_codes = [*_last_hour(self.recent_codes, now), now]
        self.recent_resends = [*_last_hour(self.recent_resends, now), *([now] if resend else [])]
        self.save()
        return code

    def is_pending(self, sign_in: str) -> bool:
        """Whether a code sent for `sign_in` can still be accepted."""
        return (
            bool(self.digest)
            and constant_time_compare(self.sign_in, sign_in)
            and self.failures < ATTEMPTS
            and self.sent_at is not None
            and timezone.now() < self.sent_at + VALIDITY
        )

    def verify_token(self, token: str) -> bool:
        """Whether `token` (see `token()`) holds the newest code, in time, for the right sign-in; the code is then
        spent. Call it through `django_otp.verify_token` only. A refusal that did not look at the code, because it
        belongs to another sign-in or is void, counts for nothing."""
        sign_in, _, code = token.partition(":")
        allowed, _reason = self.verify_is_allowed()
        if not (allowed and self.is_pending(sign_in)):
            return False
        if hashers.check_password(code, self.digest):
            self._void()
            self.throttle_reset(commit=False)
            self.save()
            return True
        self.failures += 1
        self.throttle_increment(commit=False)
        if self.failures >= ATTEMPTS:
            self._void()
        self.save()
        return False

    def _void(self) -> None:
        self.digest = ""


def _last_hour(moments: list[datetime], now: datetime) -> list[datetime]:
    return [moment for moment in moments if now - moment < timedelta(hours=1)]
