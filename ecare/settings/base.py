"""What every environment shares. `dev`, `test` and `prod` only say how they differ."""

from datetime import timedelta
from pathlib import Path

import dsfr
import environ
from csp.constants import NONE, SELF

from ecare.settings import redis_urls

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))

SECRET_KEY = env("SECRET_KEY", default="")
DEBUG = False
# The gallery of components and the reader of e-mails: never in production.
DEV_PAGES = False
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
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ecare.middleware.session_key",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ecare.middleware.probes",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.second_step_and_terms",
    "accounts.middleware.keep_nothing",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
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
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.UsernameOrEmailBackend"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "dossiers:dashboard"
PASSWORD_HASHERS = ["accounts.hashers.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.password_validation.MaximumLengthValidator"},
    {"NAME": "accounts.password_validation.StrengthValidator"},
]

PASSWORD_RESET_TIMEOUT = 3600

# Ten wrong passwords for one account, wherever they come from, then a pause of 15 minutes: never a permanent lock,
# and trying again during the pause does not lengthen it (Q7).
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "accounts.lockout.account_key"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
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
    "auth.W004",  # unique whatever the case, by a constraint on lower(username) that the check does not see
]

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
STATIC_ROOT: Path | None = Path(env("STATIC_ROOT", default=str(VAR_DIR / "static")))
# Only the assets of django-dsfr are wanted: its application would add tables and two queries a page.
STATICFILES_DIRS = [BASE_DIR / "static", ("dsfr", Path(dsfr.__file__).parent / "static" / "dsfr" / "dist")]
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = ""  # files are served by authorised views only (Q21)

# A slot takes 50 Mo; a form with more than a thousand sites has thousands of fields.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_NUMBER_FILES = 100

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
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
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django.request": {"handlers": ["stderr"], "level": "ERROR"},
        "django.security": {"handlers": ["stderr"], "level": "WARNING"},
    },
}

SENDER = env("SENDER", default="nepasrepondre.care@esante.gouv.fr")
SUPPORT_EMAIL = env("SUPPORT_EMAIL", default="ans-support-convergence@esante.gouv.fr")
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
