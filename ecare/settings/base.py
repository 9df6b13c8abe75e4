"""What every environment shares. `dev`, `test` and `prod` only say how they differ."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dsfr
from celery.schedules import crontab
from csp.constants import NONE, SELF

from ecare.settings import redis_urls
from ecare.settings.environment import Environment

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))

SECRET_KEY = env("SECRET_KEY", default="")
# What is encrypted at rest: the first key writes, all of them read (Q60, `manage.py reencrypt`).
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS", default=[])
# The key of fingerprints: same IBAN twice, chain of the audit log. It never changes.
FINGERPRINT_KEY: str = env("FINGERPRINT_KEY", default="")
# What each room knows of a person, from left to right: see accounts.composition.
PERSONAL_DATA = ["accounts.personal_data", "dossiers.personal_data", "funding.personal_data"]
# What the rooms to the right of dossiers add to them: see dossiers.neighbours.
DOSSIER_NEIGHBOURS = ["funding.beside"]
# The tables that are made behind, by the code that their exports keep: see dossiers.exports.tables.
EXPORTED_TABLES = {"dossiers": "dossiers.exports.listed", "depenses-retex": "funding.retex_table"}
# What each room keeps for a time, from left to right, and how long: see ecare.retention. The reason of each period
# stands in docs/exploitation.md, « Durées de conservation ».
RETENTION = ["ecare.retained", "notifications.retained", "accounts.retained", "dossiers.retained", "funding.retained"]
NEVER_ACTIVATED_KEPT = timedelta(days=env.int("NEVER_ACTIVATED_KEPT_DAYS", default=30))
INACTIVE_KEPT = timedelta(days=env.int("INACTIVE_KEPT_DAYS", default=730))
INACTIVE_NOTICE = timedelta(days=env.int("INACTIVE_NOTICE_DAYS", default=30))
EMAILS_KEPT = timedelta(days=env.int("EMAILS_KEPT_DAYS", default=365))
EXPORTS_KEPT = timedelta(days=env.int("EXPORTS_KEPT_DAYS", default=7))
PARKED_KEPT = timedelta(days=env.int("PARKED_KEPT_DAYS", default=7))
# Addresses included; a year at least.
AUDIT_KEPT = timedelta(days=max(365, env.int("AUDIT_KEPT_DAYS", default=365)))
DEBUG = False
# The gallery of components and the reader of e-mails: never in production.
DEV_PAGES = False
# Whether `seed_scale` may fill a database with a volume for measures: never in production.
VOLUME_ALLOWED = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Links in e-mails are built from this setting, never from the Host header (Q10).
PUBLIC_URL: str = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "ecare.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "crispy_forms",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp_webauthn",
    "phonenumber_field",
    "ecare",
    "notifications",
    "establishments",
    "accounts",
    "dossiers",
    "funding",
    "django.forms",
]

MIDDLEWARE = [
    "ecare.middleware.received_at",
    # What closes an answer stands around all that may answer, the redirection to HTTPS included.
    "ecare.middleware.isolation",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ecare.middleware.methods",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ecare.middleware.session_key",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ecare.middleware.probes",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.sign_in_first",
    "accounts.middleware.refuse_politely",
    "ecare.middleware.audited",
    "accounts.middleware.second_step_and_terms",
    "accounts.middleware.keep_nothing",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "dossiers.middleware.park",
]

ROOT_URLCONF = "ecare.urls"
# How many proxies of ours stand in front: their word on the visitor's address is believed.
TRUSTED_PROXIES = 0
WSGI_APPLICATION = "ecare.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ecare.context_processors.brand",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "care"
CRISPY_TEMPLATE_PACK = "care"

# PostgreSQL is the only engine (docs/adr/0002).
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///ecare")}
# The folder of a unix socket is written ?host=/folder, which manage.py dbshell would miss among the options.
DATABASES["default"]["HOST"] = DATABASES["default"].get("OPTIONS", {}).pop("host", DATABASES["default"]["HOST"])
# A server that came back is noticed at the next request (Q51).
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Just after a load or a restore, without statistics, plans look dear: compiling them costs a second a query.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_urls.for_client(REDIS_URL),
        "KEY_PREFIX": "ecare",
        # A frozen server costs a second, not a page (Q46).
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
    # Publishing to a broker that is down fails at once (6 s otherwise): the outbox is swept. Workers do reconnect.
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "Europe/Paris"
# A sign-in code never waits behind a broadcast (Q49).
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"notifications.tasks.deliver_code": {"queue": "codes"}}
CELERY_BEAT_SCHEDULE: dict[str, dict] = {
    "sweep-outbox": {"task": "notifications.tasks.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-drafts": {"task": "dossiers.tasks.sweep_drafts", "schedule": 60.0, "options": {"expires": 60}},
    "announce": {"task": "dossiers.tasks.announce", "schedule": 60.0, "options": {"expires": 60}},
    "remind": {"task": "dossiers.tasks.remind", "schedule": 60.0, "options": {"expires": 60}},
    "digest": {"task": "dossiers.tasks.digest", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-scans": {"task": "dossiers.tasks.sweep_scans", "schedule": 60.0, "options": {"expires": 60}},
    "seal-audit": {"task": "ecare.tasks.seal_audit", "schedule": 60.0, "options": {"expires": 60}},
    "purge": {"task": "ecare.tasks.purge", "schedule": crontab(hour=3, minute=0)},
    "purge-limits": {
        "task": "ecare.tasks.purge",
        "args": ["limits"],
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "watch-referents": {"task": "dossiers.tasks.watch_referents", "schedule": 60.0, "options": {"expires": 60}},
    "count-dossiers": {"task": "dossiers.tasks.count_dossiers", "schedule": 600.0, "options": {"expires": 600}},
    "count-budgets": {"task": "funding.tasks.count_budgets", "schedule": 600.0, "options": {"expires": 600}},
    "mend-lines": {"task": "dossiers.tasks.mend_lines", "schedule": 600.0, "options": {"expires": 600}},
    "appraise": {"task": "dossiers.tasks.appraise", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-exports": {"task": "dossiers.tasks.sweep_exports", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-batches": {"task": "dossiers.tasks.sweep_batches", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-files": {"task": "dossiers.tasks.sweep_files", "schedule": crontab(hour=3, minute=40)},
    "check-money": {"task": "funding.tasks.check_money", "schedule": crontab(hour=4, minute=20)},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.UsernameOrEmailBackend"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "dossiers:dashboard"
PASSWORD_HASHERS = ["accounts.hashers.Argon2id"]
# Sign-ins that may wait for their turn in a process of eight threads: with the one whose hash runs they hold six, and
# two are left for pages.
HASHES_WAITING = 5
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.password_validation.MaximumLengthValidator"},
    {"NAME": "accounts.password_validation.StrengthValidator"},
    {"NAME": "accounts.password_validation.LeakValidator"},
]
# Digests of leaked passwords, in order: see accounts.breaches. None: they are not looked for.
LEAKED_PASSWORDS = Path(env("LEAKED_PASSWORDS", default="")) if env("LEAKED_PASSWORDS", default="") else None

PASSWORD_RESET_TIMEOUT = 3600

# What is asked of verifiers, regional instructors, leads and administrators beside the password: the e-mailed code as
# of everybody (« email »), the same with the advice to add an app or a passkey (« advised »), or one of these
# (« required »).
STAFF_SECOND_FACTOR: str = env("STAFF_SECOND_FACTOR", default="advised")
OTP_TOTP_ISSUER = env("BRAND_PRODUCT", default="eCaRE")
OTP_WEBAUTHN_RP_ID: str = urlsplit(PUBLIC_URL).hostname or ""
OTP_WEBAUTHN_RP_NAME = OTP_TOTP_ISSUER
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_URL]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
OTP_WEBAUTHN_HELPER_CLASS = "accounts.passkeys.Helper"
BROWSER_COOKIE_NAME = "browser"

# Five wrong passwords for one identifier, wherever they come from, then a pause of 15 minutes: never a permanent lock,
# and trying again during the pause does not lengthen it. An account has two, its user name and its address: ten in all
# (Q7, docs/adr/0043).
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "accounts.lockout.identifier_key"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = False  # `accounts.lockout.forgive` does
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "accounts.views.sign_in.locked"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "ip_address",
    "old_password",
    "new_password1",
    "new_password2",
    "csrfmiddlewaretoken",
]

SILENCED_SYSTEM_CHECKS = [
    "axes.W006",  # by account on purpose: see above; addresses have their own limit
    "otp_webauthn.E031",  # http on 127.0.0.1, where no browser offers passkeys anyway; production is checked by `prod`
    "auth.W004",  # unique whatever the case, by a constraint on lower(username) that the check does not see
]

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "ecare.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
PHONENUMBER_DEFAULT_REGION = "FR"
PHONENUMBER_DB_FORMAT = "E164"

STATIC_URL = "static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_ROOT: Path | None = Path(env("STATIC_ROOT", default=str(VAR_DIR / "static")))
# Only the assets of django-dsfr are wanted: its application would add tables and two queries a page.
STATICFILES_DIRS = [BASE_DIR / "static", ("dsfr", Path(dsfr.__file__).parent / "static" / "dsfr" / "dist")]
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = ""  # files are served by authorised views only (Q21)
# Kept in that folder, or in a private S3 bucket when there are several machines.
FILES_S3_BUCKET: str = env("FILES_S3_BUCKET", default="")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if FILES_S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "ecare.storage.PrivateS3",
        "OPTIONS": {
            "bucket_name": FILES_S3_BUCKET,
            "endpoint_url": env("FILES_S3_ENDPOINT", default="") or None,
            "region_name": env("FILES_S3_REGION", default="") or None,
            "access_key": env("FILES_S3_ACCESS_KEY", default="") or None,
            "secret_key": env("FILES_S3_SECRET_KEY", default="") or None,
        },
    }

# The antivirus, `host:port` or the path of a unix socket; without it, files wait for one and nothing is held up (Q28).
CLAMAV_ADDRESS: str = env("CLAMAV_ADDRESS", default="")
# Whether instruction may read a file that no antivirus read yet: where there is none, nobody could read anything.
DOWNLOAD_UNSCANNED: bool = env.bool("DOWNLOAD_UNSCANNED", default=not CLAMAV_ADDRESS)

# A slot takes 50 Mo; a form with more than a thousand sites has thousands of fields.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_NUMBER_FILES = 100

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Passkeys are asked for by the portal's own pages alone; the rest is never asked for.
NEVER_ASKED = (
    "accelerometer autoplay browsing-topics camera display-capture fullscreen geolocation gyroscope hid idle-detection "
    "magnetometer microphone midi payment picture-in-picture screen-wake-lock serial usb xr-spatial-tracking"
)
PERMISSIONS_POLICY = ", ".join(
    ["publickey-credentials-create=(self)", "publickey-credentials-get=(self)"]
    + [f"{feature}=()" for feature in NEVER_ASKED.split()]
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Errors go to the standard error with their traceback: left alone, Django would e-mail them to nobody and keep silent.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            # With its offset from UTC: lines of several machines are put in order.
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "filters": {"refused_politely": {"()": "ecare.logs.RefusedPolitely"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refused_politely"]},
    },
    "loggers": {
        "django.request": {"handlers": ["stderr"], "level": "ERROR"},
        "django.security": {"handlers": ["stderr"], "level": "WARNING"},
        # The head of the audit log and what was purged, which nobody finds in the database once it is rewritten.
        "ecare": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}

# When reminders and digests leave, in Paris: from that hour on, should the beat have been away.
DAILY_EMAILS_HOUR: int = env.int("DAILY_EMAILS_HOUR", default=7)
SENDER = env("SENDER", default="nepasrepondre.care@esante.gouv.fr")
SUPPORT_EMAIL = env("SUPPORT_EMAIL", default="ans-support-convergence@esante.gouv.fr")
# Whom to tell of a weakness: /.well-known/security.txt.
SECURITY_EMAIL = env("SECURITY_EMAIL", default=SUPPORT_EMAIL)
DEFAULT_FROM_EMAIL = SENDER
SERVER_EMAIL = SENDER
EMAIL_TIMEOUT = 10

# The look is the State's design system, its brand is not: see « Marque » in docs/exploitation.md.
BRAND = {
    "product": env("BRAND_PRODUCT", default="eCaRE"),
    "operator": env("BRAND_OPERATOR", default=""),
    "logo": env("BRAND_LOGO", default=""),
    "stylesheet": env("BRAND_STYLESHEET", default=""),
    "state_brand": env.bool("BRAND_STATE", default=False),
    "mention": env("BRAND_MENTION", default="Démonstration"),
}
