"""What the database itself refuses, and how an account is found."""

import pytest
from django.db import IntegrityError, transaction

from accounts.enums import Role
from accounts.models import User
from tests.accounts.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {"username": "MARIE"},
        {"email": "Marie@Exemple.FR"},
        {"username": "jean@exemple.fr"},
        {"role": "root"},
    ],
)
def test_the_database_refuses_impossible_accounts(values):
    UserFactory(username="marie", email="marie@exemple.fr")
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(**values)


def test_an_account_is_found_whatever_the_case_by_its_own_identifiers_only():
    marie = UserFactory(username="Marie", email="marie@exemple.fr")
    UserFactory(username="mari_", email="mari_@exemple.fr")
    for identifier in ("marie", " MARIE ", "Marie@exemple.FR"):
        assert User.objects.known_as(identifier).get() == marie
    for identifier in ("", "mari", "mari%", "marie@exemple", "%"):
        assert not User.objects.known_as(identifier).exists()


@pytest.mark.parametrize(
    ("role", "instructor", "lead", "admin"),
    [
        (Role.REFERENT, False, False, False),
        (Role.VERIFIER, True, False, False),
        (Role.REGIONAL, True, False, False),
        (Role.LEAD, True, True, False),
        (Role.ADMIN, False, False, True),
    ],
)
def test_rights_come_from_the_role_alone(role, instructor, lead, admin):
    user = UserFactory(role=role)
    assert user.is_referent is (role == Role.REFERENT)
    assert user.is_instructor is instructor
    assert user.is_lead is lead
    assert user.is_admin_role is user.is_staff is user.is_superuser is admin
    assert user.has_perm("accounts.change_user") is user.has_module_perms("accounts") is admin


def test_a_disabled_administrator_has_no_right_left():
    user = UserFactory(admin=True, is_active=False)
    assert not user.has_perm("accounts.change_user")
    assert not user.has_module_perms("accounts")


def test_the_first_administrator_of_an_installation_can_sign_in():
    user = User.objects.create_superuser("premiere", "premiere@exemple.fr", "quatre mots sans rapport")
    assert user.is_admin_role
    assert user.is_activated
