"""Password hashing with the parameters of the OWASP list, so that a sign-in costs milliseconds and a theft years."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id, 19 MiB, two passes, one lane (OWASP password storage; Q11). About 25 ms on one core."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1


class FastArgon2id(Argon2id):
    """The same algorithm with the smallest parameters, for the test suite only."""

    time_cost = 1
    memory_cost = 8  # KiB
