"""`manage.py verify_audit`: whether the audit log is what the portal wrote (Q57)."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ecare import audit
from ecare.models import AuditSeal

HEAD = re.compile(r"\d+:[0-9a-f]{64}")
WRITTEN = re.compile(rf"audit log sealed up to ({HEAD.pattern})\b")


class Command(BaseCommand):
    help = "Vérifie la chaîne du journal d'audit et nomme chaque ligne modifiée, supprimée ou insérée."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", action="append", default=[], help="« position:empreinte » relevée à une vérification précédente"
        )
        parser.add_argument(
            "--log",
            action="append",
            default=[],
            help="sortie de « worker » collectée, ou « - » : chaque sceau qu'elle donne doit être encore là",
        )

    def handle(self, *args: Any, head: list[str], log: list[str], **options: Any) -> None:
        audit.seal()
        heads = {*head, *(each for name in log for each in written(name))}
        if wrong := sorted(each for each in heads if not HEAD.fullmatch(each)):
            raise CommandError(f"Ce n'est pas « position:empreinte » : {wrong[0]}")
        if log and not heads:
            raise CommandError("Aucun sceau dans ce fichier : est-ce la sortie de « worker » ?")
        found = 0
        for flaw in audit.flaws(heads=heads, now=timezone.now()):
            self.stdout.write(flaw)
            found += 1
        if found:
            raise CommandError(f"Le journal a été altéré : {found} anomalies.")
        compared = f", chaque sceau relevé y est ({len(heads)})" if heads else ""
        last = AuditSeal.objects.order_by("-position").first()
        self.stdout.write(f"Journal intact{compared}. Dernier sceau, à conserver ailleurs : {last or 'aucun'}")


def written(name: str) -> Iterator[str]:
    """The heads that the task wrote to this log, whatever a collector put around its lines. Raises CommandError."""
    try:
        with sys.stdin if name == "-" else Path(name).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                yield from WRITTEN.findall(line)
    except OSError as error:
        raise CommandError(f"{name} : {error.strerror}") from error
