import pytest

from ecare.settings import redis_urls


@pytest.mark.parametrize(
    ("celery", "client"),
    [
        ("redis://127.0.0.1:6379/3", "redis://127.0.0.1:6379/3"),
        ("rediss://:secret@cache.example:6380/0", "rediss://:secret@cache.example:6380/0"),
        ("redis+socket:///run/Care/valkey.sock", "unix:///run/Care/valkey.sock"),
        ("redis+socket:///run/valkey.sock?virtual_host=2", "unix:///run/valkey.sock?db=2"),
    ],
)
def test_redis_py_is_given_its_own_dialect(celery: str, client: str) -> None:
    assert redis_urls.for_client(celery) == client


@pytest.mark.parametrize(
    ("url", "shifted"),
    [
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379/1"),
        ("redis://127.0.0.1:6379/14", "redis://127.0.0.1:6379/15"),
        ("redis+socket:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=1"),
        ("redis+socket:///run/valkey.sock?virtual_host=4", "redis+socket:///run/valkey.sock?virtual_host=5"),
    ],
)
def test_parallel_processes_get_databases_of_their_own(url: str, shifted: str) -> None:
    assert redis_urls.shifted(url, 1) == shifted
