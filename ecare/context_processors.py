from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, object]:
    """The operator's name, logo and font (settings), and the support address."""
    return {"brand": settings.BRAND, "support_email": settings.SUPPORT_EMAIL}
