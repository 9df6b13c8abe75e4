"""What `make check` says of known vulnerabilities, asked of a service of our own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings

STAMP = Path(settings.BASE_DIR, ".bootstrap", "vulnerabilities")


class Service(ThreadingHTTPServer):
    """Speaks OSV: django 1.0 is vulnerable, and today's versions of `flawed`."""

    flawed = ""
    asked = 0


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        name, version = asked["package"]["name"], asked["version"]
        vulns = []
        if version == "1.0" or name == self.server.flawed:
            package = {"name": name, "ecosystem": "PyPI"}
            ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
            vulns = [{"id": "PYSEC-2026-1", "affected": [{"package": package, "ranges": ranges}], "details": "Bad."}]
        answer = json.dumps({"vulns": vulns} if vulns else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    STAMP.unlink(missing_ok=True)


def check(address: str, lock: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VULNERABILITIES_URL": address}
    return subprocess.run(
        [sys.executable, "-m", "ecare.vulnerabilities", str(lock)],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_vulnerability_fails_none_is_asked_once_a_day_and_no_network_is_told(
    service: Service, tmp_path: Path
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("".join(f"{name}==1.2 \\\n    --hash=sha256:{'0' * 64}\n" for name in ("safe", "weasyprint")))
    address = f"http://127.0.0.1:{service.server_port}/v1/query"
    service.flawed = "weasyprint"
    found = check(address, lock)
    assert found.returncode == 1
    assert "weasyprint 1.2: PYSEC-2026-1, fixed in 99.1" in found.stderr
    service.flawed = ""
    clean = check(address, lock)
    assert (clean.returncode, clean.stderr) == (0, "")
    assert "none in 2 locked packages" in clean.stdout
    assert service.asked == 6  # each package and the probe, twice
    assert "asked today already" in check(address, lock).stdout
    assert service.asked == 6
    away = check("http://127.0.0.1:1/v1/query", lock)
    assert away.returncode == 0
    assert "NOT CHECKED" in away.stdout
