"""`make run`: the whole portal on one machine, e-mails kept in files and readable in the browser."""

from ecare.settings.base import *

# `make run` shows what users will see, error pages included; `DEBUG=1 make run` shows Django's own.
DEBUG = env.bool("DEBUG", default=False)
DEV_PAGES = True
VOLUME_ALLOWED = True
SECRET_KEY = env("SECRET_KEY", default="development-only-never-used-in-production-0123456789")
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=["ZGV2ZWxvcG1lbnQtb25seS1lbmNyeXB0aW9uLWtleSE="])
FINGERPRINT_KEY = env("FINGERPRINT_KEY", default="development-only-fingerprints")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
STATIC_ROOT = None  # files are served from where they are written
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Browsers offer passkeys on a name, not on an address: http://localhost, whatever the address of the start page.
OTP_WEBAUTHN_RP_ID = "localhost"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [f"http://localhost:{urlsplit(PUBLIC_URL).port or 8000}"]

# One connection a thread of the web server or of the worker, kept from one request to the next.
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8, "timeout": 3}

EMAIL_DIR = VAR_DIR / "mail"
if "EMAIL_URL" in env.ENVIRON:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "notifications.backends.EmlFileBackend"
