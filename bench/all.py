"""`make bench`: every measure of this folder, one after the other, and docs/benchmarks.md written from what they print.

An hour on two quiet cores. `make bench ARGS="pages exports"` runs those alone, and writes them alone.
"""

import datetime as dt
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ROOT / "docs" / "benchmarks.md"
#: Each measure and what it is run with. `instruction` makes its own databases.
MEASURES = {
    "pages": "The référent's pages and the save of one answer",
    "instruction": "The screens of instruction at 1,000 and 100,000 dossiers",
    "exports": "The export of the list",
    "papers": "The PDF documents of a dossier",
    "money": "The nightly check of the money and the files of the RETEX",
    "outbox": "The e-mails that leave",
    "finess": "The import of the national files",
    "picker": "The search of an establishment",
    "login": "Sign-ins",
}
BY_ITSELF = {"instruction"}


def run(name: str) -> str:
    """What a measure printed, its end whether it failed included."""
    command = [sys.executable, str(ROOT / "bench" / f"{name}.py")]
    if name not in BY_ITSELF:
        command = [sys.executable, "-m", "ecare.embedded", "throwaway", "--", *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    print(done.stdout, flush=True)
    return done.stdout + (f"\n(ended with {done.returncode})\n" if done.returncode else "")


def main(*wanted: str) -> None:
    names = [name for name in MEASURES if (not wanted or name in wanted) and (ROOT / "bench" / f"{name}.py").exists()]
    cores = len(os.sched_getaffinity(0))
    today = dt.datetime.now(dt.UTC).date()
    conditions = f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"
    floor = "F is an empty Django view behind the same server, in the same run."
    page = ["# Measures", "", f"Written by `make bench` on {today}: {conditions}. {floor}"]
    for name in names:
        page += ["", f"## {MEASURES[name]}", "", f"`bench/{name}.py`", "", "```text", run(name).strip(), "```"]
    WRITTEN.write_text("\n".join([*page, ""]))


if __name__ == "__main__":
    main(*sys.argv[1:])
