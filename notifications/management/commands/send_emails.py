import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ecare import french
from notifications import delivery

PAUSE_SECONDS = 15.0


class Command(BaseCommand):
    help = "Envoie les e-mails en attente, sans Celery ni Redis."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Recommencer toutes les 15 secondes.")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            sent = delivery.sweep(seconds=float("inf"))
            self.stdout.write(french.count(sent, "e-mail envoyé", "e-mails envoyés"))
            if not options["loop"]:
                return
            time.sleep(PAUSE_SECONDS)
