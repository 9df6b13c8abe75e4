"""Imports of files that no memory would hold, in a process that has little of it: what it says of each.

    python -m tests.establishments.bounded DATABASE GOOD FILE…

A good extract first, then each of the others, in a transaction of which nothing stays. Writes a line of JSON a file.
"""

import json
import resource
import sys
from pathlib import Path

import django

if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.db import connection, transaction

from establishments import workflow
from establishments.importing import merging
from tests.establishments.test_national_import import forget_peak, peak_memory

MOST = 2 << 30
"""Bytes: past these the process ends by itself, before the machine suffers."""


def main(good: Path, files: list[Path]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
    with transaction.atomic():
        workflow.load_reference(settings.BASE_DIR / "fixtures" / "reference")
        workflow.import_extracts([good])
        register = merging.fingerprint()
        for file in files:
            before, refusal = forget_peak(), ""
            try:
                workflow.import_extracts([file])
            except workflow.Refused as reason:
                refusal = str(reason)
            same = merging.fingerprint() == register
            line = {"file": file.name, "refusal": refusal, "grown": peak_memory() - before, "same": same}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
        transaction.set_rollback(True)


if __name__ == "__main__":
    connection.settings_dict["NAME"] = sys.argv[1]
    main(Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
