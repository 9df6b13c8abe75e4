"""The screens of instruction at 1,000 dossiers and at 100,000, beside the floor F (Q70, Q71).

    .venv/bin/python bench/instruction.py [fewer more]

Each volume is made by `seed_scale` in a database of its own. Every filter, every sort both ways, the first page, one in
the middle and the last, searches of each sort, a dossier, the statistics and the exports: median of whole requests of
one client, queries, then eight verifiers at once, then the plans of the three heaviest statements. A page that holds
more dossiers at the greater volume is longer to draw: its growth is printed, in brackets, and no ceiling applies to it.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.serving import CLIENTS  # noqa: E402

FEWER, MORE = 1_000, 100_000
LIST_CEILING, DOSSIER_CEILING, QUERIES, GROWTH = 35, 25, 12, 1.3


def measured(dossiers: int) -> dict:
    command = [
        sys.executable,
        "-m",
        "ecare.embedded",
        "throwaway",
        "--",
        sys.executable,
        str(ROOT / "bench" / "screens.py"),
        str(dossiers),
    ]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout
    return json.loads(printed.splitlines()[-1])


def main(fewer: int, more: int) -> None:
    small, large = measured(fewer), measured(more)
    floor, least_floor = large["medians"]["F"], large["least"]["F"]
    print(f"F: {floor * 1000:.2f} ms, at least {least_floor * 1000:.2f} ms; load of the machine {large['load']:.1f}")
    print("Medians, how they grow, in F; then the least of the rounds, which a busy machine troubles less.")
    print("* where a ceiling of the quality promises is passed by the median, ** by the least too")
    print(f"{'':44} {fewer:>9,} {more:>9,}   times      F    least  times      F  queries rows")
    passed, surely = 0, 0
    for screen, median in large["medians"].items():
        if screen == "F":
            continue
        least = large["least"][screen]
        before = {name: small[name].get(screen, float("nan")) for name in ("medians", "least")}
        queries = large["queries"][screen]
        ceiling = DOSSIER_CEILING if screen.startswith("dossier") else LIST_CEILING
        alike = small["rows"].get(screen) == large["rows"][screen]
        limit = GROWTH if alike else float("inf")
        over = median / floor > ceiling or queries > QUERIES or median / before["medians"] > limit
        sure = least / least_floor > ceiling or queries > QUERIES or least / before["least"] > limit
        growth = f"{median / before['medians']:.2f}" if alike else f"({median / before['medians']:.2f})"
        passed, surely = passed + over, surely + (over and sure)
        print(
            f"{screen[:44]:44} {before['medians'] * 1000:6.1f} ms {median * 1000:6.1f} ms"
            f"  {growth:>6} {median / floor:6.1f}"
            f" {least * 1000:6.1f} ms {least / before['least']:6.2f} {least / least_floor:6.1f}"
            f"  {queries:4} {large['rows'][screen]:4}{' **' if over and sure else ' *' if over else ''}"
        )
    print(f"memory of the worker: {large['memory']} MiB (at most 160)")
    print(f"{passed} of {len(large['queries'])} screens pass a ceiling by their median, {surely} by their least too")
    print(f"{CLIENTS} clients at once, at {more:,} dossiers:")
    for screen, told in large["crowds"].items():
        print(f"{screen:26} {told}")
    for screen, seconds, plan in large["plans"]:
        print(f"\n{screen}: {seconds * 1000:.0f} ms\n{plan}")


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:3]) if len(sys.argv) > 2 else (FEWER, MORE))
