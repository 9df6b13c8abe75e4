"""Production: nothing has a default that could be forgotten."""

import base64
import os

from django.core.exceptions import ImproperlyConfigured

from ecare.settings.base import *

SECRET_KEY = env("SECRET_KEY")
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS")
FINGERPRINT_KEY = env("FINGERPRINT_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
PUBLIC_URL = env("PUBLIC_URL").rstrip("/")
OTP_WEBAUTHN_RP_ID = urlsplit(PUBLIC_URL).hostname or ""
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_URL]
if STAFF_SECOND_FACTOR not in {"email", "advised", "required"}:
    raise ImproperlyConfigured("STAFF_SECOND_FACTOR is email, advised or required")
if env.bool("DEBUG", default=False):
    raise ImproperlyConfigured("DEBUG is never set in production")
if "*" in ALLOWED_HOSTS or not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS names the hosts of the portal, never *")
for _name, _secret in (("SECRET_KEY", SECRET_KEY), ("FINGERPRINT_KEY", FINGERPRINT_KEY)):
    if len(_secret) < 32 or len(set(_secret)) < 8 or "development-only" in _secret:
        raise ImproperlyConfigured(f"{_name} holds 32 random characters at least, of this installation alone")
for _key in ENCRYPTION_KEYS or [""]:
    try:
        _bytes = base64.urlsafe_b64decode(_key)
    except ValueError:
        _bytes = b""
    if len(_bytes) != 32 or b"development-only" in _bytes:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds Fernet keys: 32 random bytes each, in URL-safe base64")
if "DATABASE_URL" not in env.ENVIRON or "REDIS_URL" not in env.ENVIRON:
    raise ImproperlyConfigured("DATABASE_URL and REDIS_URL are required in production")
if not CLAMAV_ADDRESS and "DOWNLOAD_UNSCANNED" not in env.ENVIRON:
    raise ImproperlyConfigured(
        "CLAMAV_ADDRESS names the antivirus; to do without one, say with DOWNLOAD_UNSCANNED whether instruction may "
        "download what nothing has scanned"
    )
if LEAKED_PASSWORDS and not os.access(LEAKED_PASSWORDS, os.R_OK):
    raise ImproperlyConfigured("LEAKED_PASSWORDS names a file that the portal can read")
# As many connections as threads at least, so that nobody waits; a stopped server is told within 3 s (Q51).
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8, "timeout": 3}

vars().update(env.email_url("EMAIL_URL"))

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}

# How many proxies stand in front; none of them may be reached around.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1)
MIDDLEWARE = ["ecare.middleware.client_address", *MIDDLEWARE]

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
# To the public name, whatever name was asked for over HTTP.
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
BROWSER_COOKIE_NAME = "__Host-browser"
