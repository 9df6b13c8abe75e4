"""Address → (GET, POST), a file a room. A POST is sent complete and right: see `Scene.data`."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.access_matrix import accounts, dossiers, funding, instruction, public
from tests.access_matrix.roles import SIGN_IN

ROOMS = (public.TABLE, accounts.TABLE, dossiers.TABLE, instruction.TABLE, funding.TABLE)
TABLE = dict(ChainMap(*ROOMS))
OPEN_TO_ALL = {
    "healthz",
    "readyz",
    "admin:login",
    *(name for name, (get, post) in TABLE.items() if SIGN_IN not in (get["anonymous"], post["anonymous"])),
    "accounts:code",
    "accounts:resend-code",
    "accounts:second-step",
    "accounts:second-step-options",
}


def patterns(resolver: URLResolver, namespace: str = "", before: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """Name, address and pattern of every view."""
    for each in resolver.url_patterns:
        address = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            inner = ":".join(part for part in (namespace, each.namespace) if part)
            yield from patterns(each, inner, address)
        else:
            yield ":".join(part for part in (namespace, each.name or "") if part), address, each


PATTERNS = {name: pattern for name, _, pattern in patterns(get_resolver())}
ADDRESSES = {name: address for name, address, _ in patterns(get_resolver())}
OURS = [name for name in PATTERNS if not name.startswith("admin")]
