"""Production: nothing has a default that could be forgotten."""

from django.core.exceptions import ImproperlyConfigured

from ecare.settings.base import *

SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
PUBLIC_URL = env("PUBLIC_URL").rstrip("/")
if "DATABASE_URL" not in env.ENVIRON or "REDIS_URL" not in env.ENVIRON:
    raise ImproperlyConfigured("DATABASE_URL and REDIS_URL are required in production")
# As many connections as threads at least, so that nobody waits; a stopped server is told within 3 s (Q51).
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8, "timeout": 3}

vars().update(env.email_url("EMAIL_URL"))

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

# How many proxies stand in front; none of them may be reached around.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1)
MIDDLEWARE = ["ecare.middleware.client_address", *MIDDLEWARE]

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
