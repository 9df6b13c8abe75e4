"""The browsers that a person already signed in from, so that a new one is noticed and told by e-mail."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

COOKIE_AGE = 400 * 24 * 3600  # the longest that browsers keep one
# In the order in which they must be looked for: each also names those below.
NAMES = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
]
SYSTEMS = [
    ("iPhone", "un iPhone"),
    ("iPad", "un iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "un Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]


class KnownBrowser(models.Model):
    """One row for each browser and person. The cookie holds a random word, the row its digest."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_browsers", verbose_name="compte"
    )
    digest = models.CharField("empreinte", max_length=64, editable=False)
    first_seen_at = models.DateTimeField("première connexion", default=timezone.now)
    last_seen_at = models.DateTimeField("dernière connexion", default=timezone.now)

    class Meta:
        verbose_name = "navigateur connu"
        verbose_name_plural = "navigateurs connus"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="known_browser_unique")]

    def __str__(self) -> str:
        return f"{self.user}, depuis le {self.first_seen_at:%d/%m/%Y}"


def described(user_agent: str) -> str:
    """« Firefox sous Windows », from what the browser says of itself: a hint for its owner, never a proof."""
    name = next((name for word, name in NAMES if word in user_agent), "")
    system = next((system for word, system in SYSTEMS if word in user_agent), "")
    if not name:
        return "un navigateur inconnu"
    return f"{name} {'sur' if system.startswith('un ') else 'sous'} {system}" if system else name


def digest_of(request: HttpRequest) -> str:
    """The digest of this browser's cookie; nothing if it has none of ours."""
    word, _, signature = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "").partition(":")
    return _digest(word) if word and secrets.compare_digest(_signature(word).encode(), signature.encode()) else ""


def mark(response: HttpResponse) -> str:
    """Give the browser a cookie of its own; return the digest to keep."""
    word = secrets.token_urlsafe(24)
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        f"{word}:{_signature(word)}",
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return _digest(word)


def _signature(word: str) -> str:
    return salted_hmac("accounts.browsers", word, algorithm="sha256").hexdigest()


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
