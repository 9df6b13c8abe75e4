"""Second steps of one's own, beside the e-mailed code: authenticator apps, recovery codes.

Passkeys stand in `passkeys`. All are devices of django-otp: the session keeps which one proved the person. A
code is verified with the rows locked only, by `django_otp.verify_token` or `protection.verify_authenticator`.
"""

import secrets
import time
from base64 import b32encode
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth import hashers
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from accounts.devices import CappedDelay
from ecare.encryption import EncryptedTextField

RECOVERY_CODES = 10
# No 0, O, 1, I, L: what is read on paper is typed right.
RECOVERY_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


# What verifying a code changes.
MOVED = ("last_t", "drift", "last_used_at", "throttling_failure_count", "throttling_failure_timestamp")
# A code is accepted half a minute early or late (RFC 6238, 5.2).
TOLERANCE = 1


def new_secret() -> str:
    """160 random bits, in hexadecimal (RFC 4226, 4)."""
    return secrets.token_hex(20)


class Authenticator(CappedDelay, TimestampMixin, ThrottlingMixin, Device):
    """An authenticator app (RFC 6238: SHA-1, six digits, thirty seconds, as every app takes it), under the name that
    its owner gave it. Its secret is encrypted at rest."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="compte")
    key = EncryptedTextField("clé", default=new_secret, editable=False)
    # How many half-minutes the clock of the app is known to be ahead.
    drift = models.SmallIntegerField("décalage", default=0, editable=False)
    # The half-minute of the last code accepted: only a later one will be, so that a code serves once.
    last_t = models.BigIntegerField("dernier code", default=-1, editable=False)

    class Meta:
        verbose_name = "application d'authentification"
        verbose_name_plural = "applications d'authentification"

    @property
    def secret(self) -> str:
        """The secret as an app takes it when the QR code cannot be read, in groups of four."""
        typed = self._base32
        return " ".join(typed[start : start + 4] for start in range(0, len(typed), 4))

    @property
    def config_url(self) -> str:
        """What the QR code says: the secret, and the name under which the app shows it."""
        issuer = settings.OTP_TOTP_ISSUER.replace(":", "")
        said = {"secret": self._base32, "algorithm": "SHA1", "digits": 6, "period": 30, "issuer": issuer}
        return f"otpauth://totp/{quote(f'{issuer}:{self.user.get_username()}')}?{urlencode(said, quote_via=quote)}"

    def verify_token(self, token: str) -> bool:
        """Whether `token` is a code of this app, which then serves no more. Call it through `django_otp.verify_token`
        only."""
        return verified([self], token) is not None

    def accepts(self, token: str) -> bool:
        """Whether `token` is a code of this app, later than the last one accepted; noted, and not yet saved."""
        totp = TOTP(bytes.fromhex(self.key), drift=self.drift)
        totp.time = time.time()
        if not (token.isascii() and token.isdigit() and totp.verify(int(token), TOLERANCE, self.last_t + 1)):
            return False
        self.last_t, self.drift = totp.t(), totp.drift
        return True

    @property
    def _base32(self) -> str:
        return b32encode(bytes.fromhex(self.key)).decode().rstrip("=")


def verified(devices: Sequence[Authenticator], token: str) -> Authenticator | None:
    """Which of `devices`, the apps of one person, rows locked, shows `token`. A failure counts for all of them and
    delays all of them: having several gives nobody more tries."""
    if not all(device.verify_is_allowed()[0] for device in devices):
        return None
    found = next((device for device in devices if device.accepts(token)), None)
    for device in devices:
        if found is None:
            device.throttle_increment(commit=False)
        else:
            device.throttle_reset(commit=False)
    if found is not None:
        found.set_last_used_timestamp(commit=False)
    for device in devices:
        device.save(update_fields=MOVED)
    return found


class RecoveryCodes(CappedDelay, ThrottlingMixin, Device):
    """Ten codes for the day when nothing else is at hand, each for one use. django-otp's static device keeps them in
    clear; these are hashed as passwords are. A code begins with its place, so that one comparison is enough."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes", verbose_name="compte"
    )
    digests = ArrayField(models.CharField(max_length=128, blank=True), verbose_name="empreintes", editable=False)
    created_at = models.DateTimeField("créés le", auto_now=True)

    class Meta:
        verbose_name = "codes de secours"
        verbose_name_plural = "codes de secours"

    @property
    def left(self) -> int:
        """How many may still be used."""
        return sum(bool(digest) for digest in self.digests)

    def draw(self) -> list[str]:
        """Replace the codes; return them in clear for the last time, « A-XXXXX-XXXXX » (about 50 bits each)."""
        bodies = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
        self.digests = [hashers.make_password(body) for body in bodies]
        self.save()
        return [f"{RECOVERY_ALPHABET[n]}-{body[:5]}-{body[5:]}" for n, body in enumerate(bodies)]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is one of the codes left; it is then spent."""
        typed = "".join(char for char in token.upper() if char.isalnum())
        place = RECOVERY_ALPHABET.find(typed[:1]) if typed else -1
        if not self.verify_is_allowed()[0]:
            return False
        digest = self.digests[place] if 0 <= place < len(self.digests) else ""
        if digest and hashers.check_password(typed[1:], digest):
            self.digests[place] = ""
            self.throttle_reset(commit=False)
            self.save()
            return True
        self.throttle_increment(commit=True)
        return False
