"""What step 1 of the registration accepts, refuses and keeps (A1, Q11, Q65)."""

import dataclasses

import pytest

from accounts.models import User
from accounts.views import registration
from tests.accounts.factories import PASSWORD
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
        ("0692 12 34 56", "+262692123456"),
        ("06 92 12 34 56", "+262692123456"),
        ("0590 20 12 34", "+590590201234"),
        ("+33 590 20 12 34", "+590590201234"),
        ("0596 71 02 03", "+596596710203"),
        ("0594 28 28 28", "+594594282828"),
        ("0269 61 12 34", "+262269611234"),
        ("0508 41 12 34", "+508411234"),
        ("+508 41 12 34", "+508411234"),
        ("+681 72 12 34", "+681721234"),
        ("+687 25 12 34", "+687251234"),
        ("40 41 23 45", "+68940412345"),
        ("00 689 87 12 34 56", "+68987123456"),
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
        ("phone", "06 12 34", "Saisissez un numéro de téléphone valable, par exemple 01 01 01 01 01."),
        ("phone", "25 12 34", "Ajoutez l'indicatif devant ces six chiffres"),
        ("email", "", "Saisissez votre adresse e-mail, par exemple nom@exemple.fr."),
        ("email", "marie.exemple.fr", "Saisissez une adresse électronique, par exemple nom@exemple.fr."),
        ("email", "a@b.fr\nBcc: c@d.fr", "par exemple nom@exemple.fr"),
        ("new_password1", "", "Saisissez un mot de passe de 12 caractères au moins."),
        ("new_password2", "", "Saisissez une seconde fois le mot de passe."),
        ("new_password2", "autre chose", "La confirmation est différente du mot de passe"),
        ("new_password1", "trop court", "12 caractères"),
        ("last_name", "Durand\x00", ""),
        ("first_name", "Marie,\n\nVotre compte est suspendu", "Un nom ou un prénom ne contient que des lettres"),
        ("first_name", "https://exemple.fr", "Un nom ou un prénom ne contient que des lettres"),
        ("last_name", "www.exemple.fr", "Un nom ou un prénom ne contient que des lettres"),
        ("last_name", "Durand <b>", "Un nom ou un prénom ne contient que des lettres"),
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


@pytest.mark.parametrize(
    "name", ["Marie-Hélène", "D'Ozouf", "J.-P.", "de la Tour d’Auvergne", "Nguyễn", "E\u0301lise", "Ó"]
)
def test_names_are_taken_as_people_write_them(client, name):
    assert client.post(STEP_1, PERSON | {"first_name": name, "last_name": name}).status_code == 302


def test_one_address_has_so_many_passwords_hashed_an_hour(client, monkeypatch):
    """A visitor who sends passwords without end keeps nobody else from signing in."""
    monkeypatch.setattr(registration, "PASSWORDS", dataclasses.replace(registration.PASSWORDS, hits=2))
    passwords = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert [client.post(STEP_1, passwords).status_code for _ in range(3)] == [200, 200, 429]
    # What costs no hash is not counted.
    assert client.post(STEP_1, {}).status_code == 200
    assert client.post(STEP_1, passwords, REMOTE_ADDR="192.0.2.7").status_code == 200
