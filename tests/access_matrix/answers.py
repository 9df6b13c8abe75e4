"""What an address answered, in the words of the table."""

from django.http import HttpResponse
from django.urls import resolve

from tests.access_matrix.roles import Outcome
from tests.ecare import headers


def outcome(response: HttpResponse) -> Outcome:
    headers.check(response)
    if getattr(response, "streaming", False):
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    if response.status_code != 302:
        return response.status_code
    return f"→{resolve(response['Location'].partition('?')[0].partition('#')[0]).view_name}"
