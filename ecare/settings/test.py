"""The test suite: the same components, a database of its own, e-mails in memory."""

from ecare.settings.base import *

SECRET_KEY = "test-only-" + "0123456789" * 5
# Those of `dev`, whose settings the web processes of some tests take.
ENCRYPTION_KEYS = ["ZGV2ZWxvcG1lbnQtb25seS1lbmNyeXB0aW9uLWtleSE="]
FINGERPRINT_KEY = "development-only-fingerprints"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES["default"]["TEST"] = {"NAME": env("TEST_DATABASE", default="test_ecare")}
# pytest-django gives each parallel process a database of its own; here, its own queues and cache.
_process = int(env("PYTEST_XDIST_WORKER", default="gw0").removeprefix("gw"))
REDIS_URL = CELERY_BROKER_URL = redis_urls.shifted(REDIS_URL, _process)
CACHES["default"]["LOCATION"] = redis_urls.for_client(REDIS_URL)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_DIR = VAR_DIR / "mail"
# Files in a folder, whatever the environment says; no antivirus but the one that a test starts.
STORAGES["default"] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
CLAMAV_ADDRESS = ""
DOWNLOAD_UNSCANNED = True
VOLUME_ALLOWED = True
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Same algorithm, cheapest parameters: the production ones are tested on their own.
PASSWORD_HASHERS = ["accounts.hashers.FastArgon2id"]
# Races send everything at once on purpose.
HASHES_WAITING = 1000
