"""What step 1 of the registration accepts, refuses and keeps (A1, Q11, Q65)."""

import pytest

from accounts.models import User
from tests.accounts.registering import PERSON, RECAP, STEP_1, fill, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("01 01 01 01 01", "+33101010101"),
        ("01.01.01.01.01", "+33101010101"),
        ("+33 1 01 01 01 01", "+33101010101"),
        ("0033 1 01 01 01 01", "+33101010101"),
        ("06 12 34 56 78", "+33612345678"),
        ("+262 262 01 01 01", "+262262010101"),
        ("+594 594 28 28 28", "+594594282828"),
    ],
)
def test_phone_numbers_are_kept_in_international_form(client, legal_entity, typed, stored):
    fill(client, legal_entity, phone=typed)
    client.post(RECAP)
    assert User.objects.get().phone == stored


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("username", "", "Saisissez un nom d'utilisateur, par exemple marie.durand."),
        ("username", "marie@exemple.fr", "par exemple marie.durand"),
        ("username", "Hélène", "lettres sans accent"),
        ("civility", "", "Choisissez une civilité"),
        ("civility", "docteur", ""),
        ("last_name", "", "Saisissez votre nom, par exemple Durand."),
        ("first_name", "", "Saisissez votre prénom, par exemple Marie."),
        ("phone", "", "Saisissez votre numéro de téléphone, par exemple 01 01 01 01 01."),
        ("phone", "123", "Saisissez un numéro de téléphone valable, par exemple 01 01 01 01 01."),
        ("email", "", "Saisissez votre adresse e-mail, par exemple nom@exemple.fr."),
        ("email", "marie.exemple.fr", "Saisissez une adresse électronique, par exemple nom@exemple.fr."),
        ("email", "a@b.fr\nBcc: c@d.fr", "par exemple nom@exemple.fr"),
        ("new_password1", "", "Saisissez un mot de passe de 12 caractères au moins."),
        ("new_password2", "", "Saisissez une seconde fois le mot de passe."),
        ("new_password2", "autre chose", "La confirmation est différente du mot de passe"),
        ("new_password1", "trop court", "12 caractères"),
        ("last_name", "Durand\x00", ""),
    ],
)
def test_an_error_names_the_field_and_gives_an_example(client, field, value, message):
    """Q65."""
    response = client.post(STEP_1, PERSON | {field: value})
    page = text(response.content.decode())
    assert "<title>Erreur – Inscription" in page
    assert field in response.context["form"].errors
    assert message in page
    assert f'href="#id_{field}' in page
    assert 'aria-invalid="true"' in page


def test_a_password_made_from_what_was_just_typed_is_refused(client):
    password = "Demo.Test.testtest.2026"
    page = text(client.post(STEP_1, PERSON | {"new_password1": password, "new_password2": password}).content.decode())
    assert "formé à partir de vos informations" in page
