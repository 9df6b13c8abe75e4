"""The screens of a verifier on a volume of dossiers: `bench/instruction.py` runs it once a volume and compares.

.venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/screens.py DOSSIERS
"""

import json
import os
import statistics
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.serving import CLIENTS, CORES, asker, cookie, crowd, memory, server, timed  # noqa: E402
from dossiers import access, queries  # noqa: E402
from dossiers.enums import FlagKind  # noqa: E402
from dossiers.filters import InstructionFilter  # noqa: E402
from dossiers.workflow import lines, tallies  # noqa: E402
from tests.accounts import sessions  # noqa: E402

ROUNDS, WARMING = 15, 3
#: Filters, sorts and far pages together.
COMBINED = (
    "guichet=poc-essms&tri=etablissement",
    "region=84&tri=-referent",
    "verificateur=personne&parcours=1&tri=region",
    "vigilance=a-examiner&tri=reference",
    "q=residence&statut=transmitted&tri=verificateur",
)
#: Those that several verifiers ask for at once.
TOGETHER = ("list", "search of a frequent word", "dossier, from the list")
HOST = {"host": "127.0.0.1"}


def addresses() -> dict[str, str]:
    """The screens of a verifier by name, on the volume at hand."""
    user = User.objects.get(username="volume-verifier-1")
    stages = access.instructed_stages(user)
    filters = InstructionFilter(QueryDict(), queryset=stages, user=user)
    listed = stages.select_related("dossier__legal_entity", "dossier__referent").order_by("-transmitted_at")
    one = listed[stages.count() // 2]
    pages = -(-stages.count() // queries.PAGE_SIZE)
    index = reverse("dossiers:instruction-list")
    found = {
        "list": index,
        "list, middle page": f"{index}?page={pages // 2}",
        "list, last page": f"{index}?page={pages}",
    }
    for name, each in filters.filters.items():
        choices = [value for value, _ in each.extra.get("choices") or [] if value]
        for value in dict.fromkeys(choices[:1] + choices[-1:]):
            found[f"list, {name}={value}"] = f"{index}?{name}={value}"
    for sort in queries.INSTRUCTION_SORTS:
        found |= {f"list, tri={sign}{sort}": f"{index}?tri={sign}{sort}" for sign in ("", "-")}
        found[f"list, tri={sort}, last page"] = f"{index}?tri={sort}&page={pages}"
    entity = one.dossier.legal_entity
    for name, words in {
        "a reference": one.dossier.reference,
        "a FINESS number": entity.finess,
        "the name of an EJ": entity.name,
        "a frequent word": "residence",
        "a typo": "residance",
        "an address": one.dossier.referent.email,
        "a name": one.dossier.referent.last_name,
        "nothing": "zzyzx",
    }.items():
        found[f"search of {name}"] = f"{index}?q={words.replace(' ', '+').replace('&', '%26')}"
    for query in COMBINED:
        found[f"list, {query.replace('&', ' ')}, middle"] = f"{index}?{query}&page={middle(query, user)}"
    found["dossier"] = reverse("dossiers:instruction-dossier", args=[one.dossier.reference])
    found["dossier, from the list"] = f"{found['dossier']}?tri=etablissement&guichet=poc-essms"
    found |= {name: reverse(f"dossiers:{name}") for name in ("statistics", "exports", "create-export")}
    return found


def middle(query: str, user: User) -> int:
    filters = InstructionFilter(QueryDict(query), queryset=access.instructed_stages(user), user=user)
    return max(filters.counts[""] // queries.PAGE_SIZE // 2, 1)


def raise_flags() -> None:
    """A point of vigilance on one étape in five: working out those of a volume would take an hour."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO dossiers_flag (dossier_stage_id, kind, text, others, raised_at, note)
            SELECT dossier_stage_id, (%s::text[])[1 + dossier_stage_id / 5 %% %s], 'Mesure.', '{}', now(), ''
              FROM dossiers_line WHERE dossier_stage_id %% 5 = 0
            """,
            [FlagKind.values, len(FlagKind.values)],
        )
    lines.mend()


def main(dossiers: int) -> None:
    """Make the volume, measure it, and write what was measured as JSON, last."""
    settings.VOLUME_ALLOWED = True
    call_command("prepare", verbosity=0)
    call_command("seed_scale", dossiers=dossiers, stdout=sys.stderr)
    raise_flags()
    tallies.refresh(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    user = User.objects.get(username="volume-verifier-1")
    client = sessions.sign_in(Client(), user)
    paths = addresses()
    asked, rows, heaviest = {}, {}, []
    for screen, path in paths.items():
        rows[screen] = client.get(path, headers=HOST).content.count(b" data-row")
        with CaptureQueriesContext(connection) as captured:
            client.get(path, headers=HOST)
        asked[screen] = len(captured)
        heaviest += [
            (float(each["time"]), screen, each["sql"]) for each in captured if each["sql"].startswith("SELECT")
        ]
    plans = []
    for seconds, screen, sql in sorted(heaviest, reverse=True)[:3]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}")
            plans.append((screen, seconds, "\n".join(line for (line,) in cursor.fetchall())))
    cookies = cookie(client)
    with server("bench.floor:application") as (floor, _), server("ecare.wsgi") as (port, master):
        acts = {"F": asker(floor, "/"), **{screen: asker(port, path, cookies) for screen, path in paths.items()}}
        times = timed(acts, warming=WARMING, rounds=ROUNDS)
        held = memory(master)
    medians = {screen: statistics.median(spent) for screen, spent in times.items()}
    least = {screen: min(spent) for screen, spent in times.items()}
    load = os.getloadavg()[1]
    with server("ecare.wsgi", workers=CORES) as (port, _):
        together = [cookie(sessions.sign_in(Client(), user)) for _ in range(CLIENTS)]
        crowds = {screen: str(crowd(port, paths[screen], together)) for screen in TOGETHER}
    found = {"medians": medians, "least": least, "queries": asked, "rows": rows, "crowds": crowds}
    print(json.dumps({**found, "plans": plans, "memory": held, "load": load}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
