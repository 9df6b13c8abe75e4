"""What every answer of the portal says to the browser (Q58)."""

import re

from django.http import HttpResponse

#: Every directive, and no other.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
LOADED = r"<(?:img|script|iframe|source|video|audio)\b[^>]*\bsrc|<link\b[^>]*\bhref"
OTHER_HOST = re.compile(rf"""(?:{LOADED})=["'](?:https?:)?//""")


def check(response: HttpResponse) -> None:
    """Every header is there, closed, and the page asks nothing of another host."""
    directives = [each.strip().partition(" ") for each in response["Content-Security-Policy"].split(";")]
    assert {name: value for name, _, value in directives} == POLICY
    assert len(directives) == len(POLICY)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    if not getattr(response, "streaming", False) and response.get("Content-Type", "").startswith("text/html"):
        assert not OTHER_HOST.search(response.content.decode())
