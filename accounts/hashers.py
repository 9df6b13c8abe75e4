"""Password hashing with the parameters of the OWASP list, so that a sign-in costs milliseconds and a theft years."""

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from ecare.gate import Gate

#: A hash takes a core and 19 MiB.
GATE = Gate(at_once=1, waiting=settings.HASHES_WAITING, patience=2)


class Argon2id(Argon2PasswordHasher):
    """Argon2id, 19 MiB, two passes, one lane (OWASP password storage; Q11). About 25 ms on one core."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with GATE:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with GATE:
            return super().verify(password, encoded)


class FastArgon2id(Argon2id):
    """The same algorithm with the smallest parameters, for the test suite only."""

    time_cost = 1
    memory_cost = 8  # KiB
