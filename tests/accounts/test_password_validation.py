"""What a password must be, and how it is kept (Q11)."""

import hashlib
import time

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts import breaches
from accounts.hashers import Argon2id
from accounts.models import User

GOOD = "cheval agrafe batterie correcte"


def refusal(password: str, **data: str) -> str:
    with pytest.raises(ValidationError) as caught:
        validate_password(password, User(**data))
    return " ".join(caught.value.messages)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "Tk7#vq9!Lm2x",  # 12 characters
        "élève à l'école où ça gèle",
        "   espaces   autour et dedans   ",
        "密码保护着我们的医院数据安全",
        "x9!" + "vélo cactus plume orage " * 5 + "fin.1",  # 128 characters
        "le chat de ma voisine ronfle",
    ],
)
def test_long_unguessable_passwords_are_accepted_whatever_their_characters(password):
    assert 12 <= len(password) <= 128
    validate_password(password, User(first_name="Marie", last_name="Durand", username="mdurand"))


@pytest.mark.parametrize(("length", "accepted"), [(11, False), (12, True), (128, True), (129, False)])
def test_length_boundaries(length, accepted):
    password = ("Tk7#vq9!Lm2" + "x4&Rz_8w?Jp)6Yc" * 10)[:length]
    assert len(password) == length
    if accepted:
        validate_password(password)
    else:
        assert "12" in refusal(password)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("aaaaaaaaaaaaaaaa", "une répétition"),
        ("azertyuiop1234", "trop facile à deviner"),
        ("motdepasse2026", "trop facile à deviner"),
        ("password12345", "trop facile à deviner"),
        ("abcdefghijklmnop", "une suite"),
        ("Bonjour2026!", "trop facile à deviner"),
        ("123456789012", "trop facile à deviner"),
    ],
)
def test_common_passwords_are_refused_with_the_reason_in_french(password, reason):
    message = refusal(password)
    assert reason in message
    assert "quatre mots" in message


@pytest.mark.parametrize(
    "password",
    [
        "Marguerite-Dupuytren",
        "margueritedupuytren75",
        "Dupuytren 01 01 01 01 01",
        "mdupuytren.mdupuytren",
        "m.dupuytren@residence-tilleuls.fr",
        "résidencetilleuls2026",
        "DUPUYTREN!dupuytren!",
    ],
)
def test_passwords_made_from_own_data_are_refused_with_the_reason(password):
    message = refusal(
        password,
        first_name="Marguerite",
        last_name="Dupuytren",
        username="mdupuytren",
        email="m.dupuytren@residence-tilleuls.fr",
        phone="+33101010101",
    )
    assert "formé à partir de vos informations" in message


@pytest.mark.parametrize(
    "password", ["eCaRE-Convergence", "convergence2026!", "HospiConnect-CaRE-1", "ecareecareecare"]
)
def test_passwords_made_from_the_name_of_the_product_are_refused_with_the_reason(password):
    assert "formé à partir du nom de ce site" in refusal(password)


def test_a_strong_password_may_hold_a_word_of_ones_own():
    """What counts is what is left without it."""
    validate_password("marie mange trois cactus violets sans rire", User(first_name="Marie", last_name="Durand"))


def test_a_very_long_password_is_refused_at_once():
    """The estimate's time grows fast with the length: it is bounded."""
    started = time.monotonic()
    assert "trop long" in refusal("aB3$" * 5000)
    assert time.monotonic() - started < 2


def test_production_hasher_is_argon2id_with_parameters_of_the_owasp_list(settings):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2id"]
    assert make_password(GOOD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert (Argon2id.memory_cost, Argon2id.time_cost, Argon2id.parallelism) == (19 * 1024, 2, 1)


def test_a_password_found_in_a_leak_is_refused_wherever_it_stands_in_the_list(settings, tmp_path):
    """The file of Have I Been Pwned: digests in order, lines of several lengths, and an end of line or not."""
    leaked = [f"{GOOD} {number}" for number in range(300)]
    digests = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in leaked)  # noqa: S324
    file = tmp_path / "leaks.txt"
    for ending in ("", "\r\n"):
        text = "\r\n".join(f"{digest}:{7 ** (n % 9)}" for n, digest in enumerate(digests)) + ending
        file.write_bytes(text.encode())
        assert all(breaches.is_leaked(each, file) for each in leaked)
        assert not any(breaches.is_leaked(f"{each} ", file) for each in leaked)
    file.write_bytes(b"")
    assert not breaches.is_leaked(GOOD, file)
    file.write_bytes(text.encode())
    validate_password(leaked[0])
    settings.LEAKED_PASSWORDS = file
    assert "fuite de données connue" in refusal(leaked[0])
    validate_password(GOOD)
