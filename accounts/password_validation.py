"""What a password must be (Q11): long rather than complicated, hard to guess, not made from what others know of the
person or of the portal. No composition rule; every refusal says why and what to do."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from accounts import breaches

MAXIMUM_LENGTH = 128
MINIMUM_SCORE = 3  # of 4: « safely unguessable, moderate protection from offline attack »
# zxcvbn's time grows with the square of the length: what precedes this point decides.
ESTIMATED_LENGTH = 72

# The words that an attacker of this very portal would try first (ASVS 6.1.2).
PRODUCT_WORDS = (
    "ecare",
    "convergence",
    "esante",
    "care",
    "ans",
    "agence du numerique en sante",
    "segur",
    "hospiconnect",
    "essms",
    "finess",
    "opssims",
    "referent",
    "verificateur",
    "cybersecurite",
)
# Frequent in French leaks, absent from the English lists of zxcvbn.
COMMON_WORDS = (
    "azerty",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "motdepasse",
    "bonjour",
    "soleil",
    "doudou",
    "loulou",
    "chouchou",
    "marseille",
    "jetaime",
    "coucou",
    "chocolat",
    "etablissement",
    "hopital",
    "sante",
    "ehpad",
    "direction",
    "accueil",
    "printemps",
    "automne",
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
WARNINGS = {
    "Straight rows of keys are easy to guess": "une suite de touches voisines se devine facilement",
    "Short keyboard patterns are easy to guess": "une suite de touches voisines se devine facilement",
    'Repeats like "aaa" are easy to guess': "une répétition comme « aaa » se devine facilement",
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc"': (
        "une répétition comme « abcabcabc » se devine facilement"
    ),
    'Sequences like "abc" or "6543" are easy to guess': "une suite comme « abc » ou « 6543 » se devine facilement",
    "Recent years are easy to guess": "une année récente se devine facilement",
    "Dates are often easy to guess": "une date se devine facilement",
    "This is a top-10 common password": "il fait partie des mots de passe les plus courants",
    "This is a top-100 common password": "il fait partie des mots de passe les plus courants",
    "This is a very common password": "il fait partie des mots de passe les plus courants",
    "This is similar to a commonly used password": "il ressemble à un mot de passe courant",
    "A word by itself is easy to guess": "un mot seul se devine facilement",
    "Names and surnames by themselves are easy to guess": "un nom ou un prénom seul se devine facilement",
    "Common names and surnames are easy to guess": "un nom ou un prénom courant se devine facilement",
}
WAY_OUT = "Choisissez par exemple quatre mots sans rapport entre eux."


class MaximumLengthValidator:
    """At most 128 characters: long enough for any phrase, short enough for a hash to stay cheap."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MAXIMUM_LENGTH:
            raise ValidationError(
                f"Ce mot de passe est trop long : il compte {len(password)} caractères, {MAXIMUM_LENGTH} au plus.",
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return f"Votre mot de passe compte {MAXIMUM_LENGTH} caractères au plus."


class StrengthValidator:
    """Refuse what zxcvbn finds guessable, taking for known the person's data and the portal's words."""

    def validate(self, password: str, user: Any = None) -> None:
        own = _own_words(user)
        estimate = zxcvbn(password[:ESTIMATED_LENGTH], user_inputs=[*own, *PRODUCT_WORDS, *COMMON_WORDS])
        bare = _plain(password)
        if _is_made_from(bare, own):
            raise ValidationError(
                "Ce mot de passe est formé à partir de vos informations (nom, prénom, nom d'utilisateur, adresse…), "
                f"que d'autres connaissent. {WAY_OUT}",
                code="password_own_data",
            )
        if _is_made_from(bare, PRODUCT_WORDS):
            raise ValidationError(
                f"Ce mot de passe est formé à partir du nom de ce site ou de mots qui s'y rapportent. {WAY_OUT}",
                code="password_product_name",
            )
        if estimate["score"] < MINIMUM_SCORE:
            reason = WARNINGS.get(estimate["feedback"]["warning"].removesuffix("."), "il serait trouvé trop vite")
            raise ValidationError(
                f"Ce mot de passe est trop facile à deviner : {reason}. {WAY_OUT}", code="password_too_weak"
            )

    def get_help_text(self) -> str:
        return "Votre mot de passe ne se devine pas facilement et ne reprend pas vos informations."


class LeakValidator:
    """Refuse what was found in a leak, when the installation holds their list."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.LEAKED_PASSWORDS and breaches.is_leaked(password, settings.LEAKED_PASSWORDS):
            raise ValidationError(
                f"Ce mot de passe figure dans une fuite de données connue\u00a0: d'autres l'essaieront. {WAY_OUT}",
                code="password_leaked",
            )

    def get_help_text(self) -> str:
        return "Votre mot de passe ne figure dans aucune fuite de données connue."


def _own_words(user: Any) -> list[str]:
    """The words of the person's data that are long enough to mean something, the longest first."""
    if user is None:
        return []
    texts = [getattr(user, name, "") for name in ("username", "first_name", "last_name", "email")]
    digits = re.sub(r"\D", "", str(getattr(user, "phone", "") or ""))
    words = {word for text in texts for word in re.split(r"[^a-z0-9]+", _plain(text)) if len(word) >= 3}
    words |= {_bare(text) for text in texts if len(_bare(text)) >= 3}
    words |= {digits, "0" + digits.removeprefix("33")} if digits else set()
    words -= {"com", "org", "net", "www"}
    return sorted(words, key=lambda word: (-len(word), word))


def _is_made_from(password: str, words: Iterable[str]) -> bool:
    """Whether `password` owes its length to `words`: without them, what is left would not stand on its own."""
    left = _bare(password)
    for word in sorted((_bare(word) for word in words), key=len, reverse=True):
        left = left.replace(word, "")
    if left == _bare(password):
        return False
    return not left or zxcvbn(left[:ESTIMATED_LENGTH])["score"] < MINIMUM_SCORE


def _plain(text: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", str(text).lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _plain(text))
