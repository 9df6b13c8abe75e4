"""`manage.py verify_audit`: whether the audit log is what the portal wrote (Q57)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ecare import audit
from ecare.models import AuditSeal


class Command(BaseCommand):
    help = "Vérifie la chaîne du journal d'audit et nomme chaque ligne modifiée, supprimée ou insérée."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", default="", help="« position:empreinte » relevée à une vérification précédente")

    def handle(self, *args: Any, head: str = "", **options: Any) -> None:
        audit.seal()
        found = 0
        for flaw in audit.flaws(head=head, now=timezone.now()):
            self.stdout.write(flaw)
            found += 1
        if found:
            raise CommandError(f"Le journal a été altéré : {found} anomalies.")
        last = AuditSeal.objects.order_by("-position").first()
        self.stdout.write(f"Journal intact. Dernier sceau, à conserver ailleurs : {last or 'aucun'}")
