"""Filling in the screens of the registration."""

from django.test import Client

from establishments.models import LegalEntity
from tests.accounts.factories import PASSWORD

STEP_1 = "/inscription/"
SCREEN_1 = "/inscription/etablissement/"
SCREEN_2 = "/inscription/etablissement/choix/"
SCREEN_3 = "/inscription/etablissement/sites/"
RECAP = "/inscription/recapitulatif/"
DONE = "/inscription/confirmation/"
SCREENS = [STEP_1, SCREEN_1, SCREEN_2, SCREEN_3, RECAP]
PERSON = {
    "username": "testtest",
    "civility": "madame",
    "last_name": "Test",
    "first_name": "Demo",
    "phone": "01 01 01 01 01",
    "email": "EJ_test1111@maildrop.cc",
    "new_password1": PASSWORD,
    "new_password2": PASSWORD,
}


def text(page: str) -> str:
    """The page with its entities read, as a person sees it."""
    return page.replace("&#x27;", "'").replace("&nbsp;", "\u00a0").replace("&amp;", "&")


def fill(client: Client, legal_entity: LegalEntity, *, until: str = RECAP, **changes: str) -> None:
    """Fill in the screens that stand before `until`."""
    posts = [
        (STEP_1, PERSON | changes),
        (SCREEN_1, {"establishment_type": "essms", "region": "11"}),
        (SCREEN_2, {"finess": legal_entity.finess}),
        (SCREEN_3, {}),
    ]
    for place, (screen, data) in enumerate(posts[: SCREENS.index(until)]):
        assert client.post(screen, data).url == SCREENS[place + 1]
