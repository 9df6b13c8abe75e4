"""The nightly check of the money and the files of the RETEX, at two sizes: seconds and memory (F6, F7, docs/adr/0055).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/money.py [subsidies]

On copies of the subsidy of the demonstration that is paid, eight lines of expenses each. Of the copies, one in ten was
transmitted again after its objectives were decided, so that they are read again, and one in a hundred has a sum that
does not agree. The memory is the most that a process of its own held: the same at both sizes when it is constant.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import Model, UUIDField  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.processes import apart, held  # noqa: E402
from dossiers.enums import ExportFormat  # noqa: E402
from dossiers.exports.writers import writer  # noqa: E402
from dossiers.models import Attachment, Dossier, DossierStage, Transmission, TransmittedFile  # noqa: E402
from establishments.models import LegalEntity  # noqa: E402
from funding import workflow  # noqa: E402
from funding.demo.loading import GUICHET, PAID  # noqa: E402
from funding.models import Agreement, Expense, Grant, ObjectiveDecision, Payment, SubsidyStep  # noqa: E402
from funding.queries import objectives, retex  # noqa: E402

#: Between the keys of a row and of its next copy: more than any key of the demonstration.
APART = 100_000
CHUNK = 500
#: The tables copied, and the way from their rows to the dossier; none names a row of another copy.
COPIED: dict[type[Model], str] = {
    LegalEntity: "dossiers",
    Dossier: "pk",
    DossierStage: "dossier",
    Attachment: "dossier_stage__dossier",
    Transmission: "dossier_stage__dossier",
    TransmittedFile: "transmission__dossier_stage__dossier",
    Grant: "dossier",
    SubsidyStep: "dossier_stage__dossier",
    Agreement: "grant__dossier",
    ObjectiveDecision: "dossier_stage__dossier",
    Payment: "grant__dossier",
    Expense: "grant__dossier",
}
#: Ten characters that references are made of, from the number of the copy.
REFERENCE = "'Z' || translate(lpad(copy::text, 9, '0'), '01', 'AB')"
SAID: dict[type[Model], dict[str, str]] = {
    LegalEntity: {
        "finess": "'9Z' || lpad(copy::text, 7, '0')",
        "region": "(SELECT code FROM establishments_region ORDER BY code OFFSET copy %% 13 LIMIT 1)",
    },
    Dossier: {"reference": REFERENCE},
    Payment: {"reference": f"{REFERENCE} || right(reference, 3)"},
    Transmission: {"at": "at + CASE WHEN copy %% 10 = 0 THEN interval '1 day' ELSE interval '0' END"},
    Grant: {"payable": "payable - CASE WHEN copy %% 100 = 0 THEN 1 ELSE 0 END"},
}


def grow(dossier: int, first: int, last: int) -> None:
    """Copies of a dossier and of all that is its own, numbered so. No trigger runs: what they write is copied too."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model, way in COPIED.items():
            keys = list(model._default_manager.filter(**{way: dossier}).values_list("pk", flat=True))
            fields = [field for field in model._meta.concrete_fields if not field.generated]
            columns = ", ".join(f'"{field.column}"' for field in fields)
            values = ", ".join(value(model, field) for field in fields)
            table, key = model._meta.db_table, model._meta.pk.column
            copies = f'FROM "{table}", generate_series({first}, {last}) AS copy WHERE "{key}" = ANY(%s)'
            cursor.execute(f'INSERT INTO "{table}" ({columns}) SELECT {values} {copies}', [keys])
        see_again(dossier, [number for number in range(first, last + 1) if number % 10 == 0])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def see_again(dossier: int, numbers: list[int]) -> None:
    """Have the decisions of these copies stand on their own proofs: a file of a copy is another file."""
    stage = ObjectiveDecision.objects.filter(dossier_stage__dossier=dossier).values_list("dossier_stage", flat=True)[0]
    for start in range(0, len(numbers), CHUNK):
        keys = [stage + number * APART for number in numbers[start : start + CHUNK]]
        presented = objectives.of_stages(DossierStage.objects.filter(pk__in=keys).select_related("stage", "revision"))
        decisions = list(ObjectiveDecision.objects.filter(dossier_stage__in=keys))
        for each in decisions:
            row = presented[each.dossier_stage_id].row(each.code)
            each.seen = row.reply.seen if row else each.seen
        ObjectiveDecision.objects.bulk_update(decisions, ["seen"], batch_size=CHUNK)


def value(model: type[Model], field: models.Field) -> str:
    """What a column of a copy holds, in SQL."""
    if said := SAID.get(model, {}).get(field.name):
        return said
    related = field.related_model if field.is_relation else model if field.primary_key else None
    if related in COPIED:
        return f'"{field.column}" + copy::bigint * {APART}'
    return "gen_random_uuid()" if isinstance(field, UUIDField) else f'"{field.column}"'


def check() -> tuple[int, float, int]:
    """Subsidies, seconds, MiB: everything that the night does, the e-mail included."""
    start = time.perf_counter()
    outcome = workflow.checking.run(timezone.now())
    seconds = time.perf_counter() - start
    print(f"  {outcome}", file=sys.stderr)
    return Grant.objects.count(), seconds, held()


def write(format: str, nominative: bool, limit: int) -> tuple[int, float, int]:
    """Rows, seconds, MiB."""
    start, count = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        file = writer(format, Path(folder) / "retex", sheet="Dépenses")
        file.heading(retex.NOMINATIVE if nominative else retex.ANONYMISED)
        for row in retex.rows(GUICHET, nominative=nominative):
            file.row(row)
            count += 1
            if count == limit:
                break
        file.close()
    return count, time.perf_counter() - start, held()


def main() -> None:
    subsidies = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    call_command("prepare", demo=True, stdout=sys.stderr)
    dossier = Grant.objects.get(dossier__legal_entity__finess=PAID).dossier_id
    tenth = subsidies // 10
    for first, last in ((1, tenth), (tenth + 1, subsidies)):
        start = time.perf_counter()
        grow(dossier, first, last)
        print(f"  {last:,} copies in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        # The first night finds the differences, the next ones know them.
        for night in ("the first night", "the next night"):
            count, seconds, most = apart(check)
            print(f"check of the money, {night:<15} {count:>7,} subsidies in {seconds:6.1f} s; {most} MiB")
    lines = Expense.objects.in_force().count()
    for nominative in (False, True):
        for format in ExportFormat:
            few, _, least = apart(write, format.value, nominative, lines // 10)
            many, seconds, most = apart(write, format.value, nominative, lines)
            print(
                f"RETEX, {'nominative' if nominative else 'anonymised'} {format.value:<5} {many:>7,} rows in "
                f"{seconds:6.1f} s: {many / seconds:>7,.0f} rows/s; {least} MiB for {few:,}, {most} MiB for {many:,}"
            )


if __name__ == "__main__":
    main()
