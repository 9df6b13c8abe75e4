"""The test suite: the same components, a database of its own, e-mails in memory."""

from ecare.settings.base import *

SECRET_KEY = "test-only-" + "0123456789" * 5
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES["default"]["TEST"] = {"NAME": env("TEST_DATABASE", default="test_ecare")}
# pytest-django gives each parallel process a database of its own; here, its own queues and cache.
_process = int(env("PYTEST_XDIST_WORKER", default="gw0").removeprefix("gw"))
REDIS_URL = CELERY_BROKER_URL = redis_urls.shifted(REDIS_URL, _process)
CACHES["default"]["LOCATION"] = redis_urls.for_client(REDIS_URL)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_DIR = VAR_DIR / "mail"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Same algorithm, cheapest parameters: the production ones are tested on their own.
PASSWORD_HASHERS = ["accounts.hashers.FastArgon2id"]
