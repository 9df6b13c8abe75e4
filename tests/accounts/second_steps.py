"""Second steps of one's own for tests."""

import time

from django_otp.oath import TOTP

from accounts.models import Authenticator, RecoveryCodes, User

SECOND_STEP = "/connexion/verification/"


def authenticator(user: User, *, name: str = "Application du téléphone") -> Authenticator:
    return Authenticator.objects.create(user=user, name=name, confirmed=True)


def code_of(device: Authenticator, *, steps: int = 0) -> str:
    """What the app of `device` shows now, or `steps` half-minutes later."""
    totp = TOTP(bytes.fromhex(device.key))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def recovery_codes(user: User) -> list[str]:
    return RecoveryCodes(user=user, name="Codes de secours", digests=[]).draw()
