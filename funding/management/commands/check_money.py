"""`manage.py check_money`: whether the sums of every subsidy agree (docs/adr/0055)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ecare import french
from funding.workflow import checking


class Command(BaseCommand):
    help = "Compare les sommes de chaque subvention et de chaque enveloppe avec ce qui les compose. Ne corrige rien."

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = checking.run(timezone.now())
        for each in checking.opened().iterator(chunk_size=500):
            self.stdout.write(str(each))
        if outcome.open:
            raise CommandError(
                f"{french.count(outcome.open, 'somme ne concorde pas', 'sommes ne concordent pas')}, "
                f"dont {outcome.new} depuis le dernier contrôle."
            )
        self.stdout.write("Toutes les sommes concordent.")
