"""`make check`: whether something locked has a known vulnerability, asked of a public service through pip-audit.

A finding fails. Without network, or when the service does not answer in time, one line says that nothing was checked:
nobody's work waits for somebody else's server. What was found clean is not asked again the same day.

    python -m ecare.vulnerabilities requirements-dev.txt requirements-uv.txt
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVICE = "https://api.osv.dev/v1/query"
PROBE_SECONDS = 2.0
REQUEST_SECONDS = 5
WHOLE_SECONDS = 60.0


def is_reachable(service: str) -> bool:
    """One question, on a package that has had vulnerabilities: a captive portal or a mirror does not know them."""
    asked = {"version": "1.0", "package": {"name": "django", "ecosystem": "PyPI"}}
    request = urllib.request.Request(
        service, json.dumps(asked).encode(), {"Content-Type": "application/json", "User-Agent": "ecare"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS) as response:
            return bool(json.load(response).get("vulns"))
    except (OSError, ValueError, AttributeError):
        return False


def ask(service: str, locks: list[Path]) -> dict[str, Any] | None:
    """What pip-audit reports, None when it could not ask to the end."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--vulnerability-service", "osv"]
    command += [
        "--osv-url",
        service,
        "--timeout",
        str(REQUEST_SECONDS),
        "--progress-spinner",
        "off",
        "--format",
        "json",
    ]
    for lock in locks:
        command += ["--requirement", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WHOLE_SECONDS)
        report: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return report


def main() -> int:
    locks = [Path(name) for name in sys.argv[1:]]
    service = os.environ.get("VULNERABILITIES_URL", SERVICE)
    stamp = ROOT / ".bootstrap" / "vulnerabilities"
    locked = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    today = f"{locked} {dt.datetime.now(dt.UTC).date()} {service}"
    if stamp.exists() and stamp.read_text() == today:
        print("Known vulnerabilities: none, asked today already.")
        return 0
    report = ask(service, locks) if is_reachable(service) else None
    audited = [each for each in report["dependencies"] if "vulns" in each] if report else []
    if not audited:
        print(f"Known vulnerabilities: NOT CHECKED, {service} does not answer.")
        return 0
    found = [(each, flaw) for each in audited for flaw in each["vulns"]]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}", file=sys.stderr)
    if found:
        return 1
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(today)
    print(f"Known vulnerabilities: none in {len(audited)} locked packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
