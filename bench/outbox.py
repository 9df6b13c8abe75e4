"""E-mails a second that one Celery worker sends from the outbox, to an SMTP server on loopback (Q77).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/outbox.py [emails]

The e-mails of the demonstration about a dossier, text and HTML, copied until there are enough. The worker sends those
that wait before its first pass; the clock goes from the first that arrives to the last.
"""

import os
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from notifications.enums import State  # noqa: E402
from notifications.models import Email  # noqa: E402
from notifications.tasks import deliver  # noqa: E402
from tests.notifications import sink  # noqa: E402
from tests.notifications.processes import Worker, private_broker  # noqa: E402

LEAST = 200


def copies(emails: list[Email], count: int) -> list[Email]:
    """Rows not saved yet, all due."""
    now, found = timezone.now(), []
    for number, email in enumerate(islice(cycle(emails), count)):
        fields = {name: getattr(email, name) for name in ("kind", "to", "subject", "text", "html", "about")}
        ids = {"key": f"bench:{number}", "message_id": f"<bench.{number}@exemple.fr>"}
        found.append(Email(**fields, **ids, created_at=now, next_attempt_at=now))
    return found


def main(count: int) -> None:
    call_command("prepare", demo=True, stdout=sys.stderr)
    models = list(Email.objects.exclude(about="").exclude(text=""))
    Email.objects.all().delete()
    Email.objects.bulk_create(copies(models, count))
    with sink.running() as server, tempfile.TemporaryDirectory() as folder, private_broker(Path(folder)) as broker:
        worker = Worker(broker=broker, sink=server)
        deliver.delay()
        worker.start()
        try:
            while not server.contents:
                time.sleep(0.001)
            start, first = time.perf_counter(), len(server.contents)
            while len(server.contents) < count:
                time.sleep(0.01)
            spent = time.perf_counter() - start
            while Email.objects.exclude(state=State.SENT).exists():
                time.sleep(0.1)
        finally:
            worker.kill()
    different = len(set(server.message_ids))
    rate = (count - first) / spent
    print(f"{count:,} e-mails, {different:,} different, sent in {spent:.1f} s: {rate:.0f}/s (at least {LEAST})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
