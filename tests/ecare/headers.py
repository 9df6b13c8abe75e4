"""What every answer of the portal says to the browser: these headers, these values, and no other (Q58)."""

import functools
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
NEVER_ASKED = (
    "accelerometer autoplay browsing-topics camera display-capture fullscreen geolocation gyroscope hid idle-detection "
    "magnetometer microphone midi payment picture-in-picture screen-wake-lock serial usb xr-spatial-tracking"
)
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        ["publickey-credentials-create=(self)", "publickey-credentials-get=(self)"]
        + [f"{feature}=()" for feature in NEVER_ASKED.split()]
    ),
}
HSTS = "max-age=31536000; includeSubDomains; preload"
#: They tell of the content, of its place or of how long it is good for.
OF_THE_CONTENT = {
    *("Content-Type", "Content-Length", "Content-Disposition", "Content-Language", "Content-Encoding", "Accept-Ranges"),
    *("Location", "Allow", "Retry-After", "Vary", "Cache-Control", "Expires", "Last-Modified", "ETag", "X-Robots-Tag"),
    *(
        "HX-Redirect",
        "HX-Refresh",
        "HX-Retarget",
        "HX-Reswap",
        "HX-Trigger",
        "HX-Trigger-After-Swap",
        "HX-Push-Url",
        "HX-Replace-Url",
    ),
}
LOADED = r"<(?:img|script|iframe|source|video|audio)\b[^>]*\bsrc|<link\b[^>]*\bhref"
OTHER_HOST = re.compile(rf"""(?:{LOADED})=["'](?:https?:)?//""")


def check(response: HttpResponse, **more: str) -> None:
    """The headers are those and `more`, closed, and the page asks nothing of another host."""
    found = {name: value for name, value in response.headers.items() if name not in OF_THE_CONTENT}
    assert directives(found.pop("Content-Security-Policy")) == POLICY
    assert found == EXPECTED | {name.replace("_", "-"): value for name, value in more.items()}
    if not getattr(response, "streaming", False) and response.get("Content-Type", "").startswith("text/html"):
        assert not OTHER_HOST.search(response.content.decode())


@functools.cache
def directives(policy: str) -> dict[str, str]:
    each = [directive.strip().partition(" ") for directive in policy.split(";")]
    assert len({name for name, _, _ in each}) == len(each)
    return {name: value for name, _, value in each}
