"""Sessions for tests, without the pages that open them."""

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import EmailCode, User


def sign_in(client: Client, user: User) -> Client:
    """Put `client` in the state that password and code give, and return it. The terms are another matter."""
    device, _ = EmailCode.objects.get_or_create(user=user, defaults={"name": "E-mail"})
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client
