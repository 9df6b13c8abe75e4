"""The Celery application. Tasks live in each room's `tasks.py`, take primary keys and are idempotent."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecare.settings.dev")

app = Celery("ecare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
