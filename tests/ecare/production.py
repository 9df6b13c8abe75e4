"""The settings of production, as a process started with them reads them."""

import functools
import json
import os
import subprocess
import sys
from typing import Any

from pytest_django import Settings

from tests.ecare.test_logging import PRODUCTION

DUMP = """
import json
from ecare.settings import prod
print(json.dumps({name: getattr(prod, name) for name in dir(prod) if "COOKIE" in name or name.startswith("SECURE_")}))
"""


@functools.cache
def doors() -> dict[str, Any]:
    """What production says of cookies and of HTTPS."""
    command = [sys.executable, "-c", DUMP]
    done = subprocess.run(command, env={**os.environ, **PRODUCTION}, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def apply(settings: Settings) -> None:
    for name, value in doors().items():
        setattr(settings, name, value)
