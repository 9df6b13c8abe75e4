"""The address of Redis or Valkey, in the two dialects that its clients speak.

Celery writes a unix socket `redis+socket:///path?virtual_host=2`, redis-py (hence Django's cache)
`unix:///path?db=2`. A TCP address is the same for both. `REDIS_URL` is given in Celery's dialect.
"""

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

_SOCKET_SCHEME = "redis+socket"


def for_client(url: str) -> str:
    """The same address for redis-py."""
    parts = urlsplit(url)
    if parts.scheme != _SOCKET_SCHEME:
        return url
    query = [("db" if name == "virtual_host" else name, value) for name, value in parse_qsl(parts.query)]
    return _socket("unix", parts, query)


def shifted(url: str, by: int) -> str:
    """The same server, `by` databases further: parallel test processes share no queue and no cache."""
    parts = urlsplit(url)
    if parts.scheme == _SOCKET_SCHEME:
        query = dict(parse_qsl(parts.query))
        query["virtual_host"] = str(int(query.get("virtual_host", 0)) + by)
        return _socket(_SOCKET_SCHEME, parts, list(query.items()))
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + by}"))


def _socket(scheme: str, parts: SplitResult, query: list[tuple[str, str]]) -> str:
    """By hand: urlunsplit drops the two slashes of a scheme it does not know, and no client accepts that."""
    return f"{scheme}://{parts.netloc}{parts.path}" + (f"?{urlencode(query)}" if query else "")
