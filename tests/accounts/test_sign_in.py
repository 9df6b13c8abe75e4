"""Sign-in: the password (A3), then the code (A4). Q2, Q3, Q4, Q6, Q13, Q16."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg import sql

from accounts.enums import Role
from accounts.models import EmailCode, Session
from notifications.models import Email
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import CODE, SIGN_IN, give_code, give_password, is_signed_in, last_code, sign_in

pytestmark = pytest.mark.django_db
RESEND = "/connexion/code/nouveau/"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def signed_in_sessions() -> int:
    return sum("_auth_user_id" in session.get_decoded() for session in Session.objects.all())


# The password


def test_sign_in_page_shows_the_words_of_the_guide(client):
    page = client.get(SIGN_IN).content.decode()
    for words in (
        "Connectez-vous",
        "Vous êtes un établissement",
        "Nom d&#x27;utilisateur ou adresse email",
        "Mot de passe",
        "Mot de passe oublié&nbsp;?",
        "Précédent",
        "Se connecter",
        "Pas encore inscrit&nbsp;?",
    ):
        assert words in page


@pytest.mark.parametrize("typed", ["marie.durand", "Marie.DURAND", "marie@exemple.fr", "  MARIE@Exemple.FR "])
def test_user_name_and_address_are_both_accepted_whatever_the_case(client, typed):
    UserFactory(username="Marie.Durand", email="Marie@exemple.fr")
    assert client.post(SIGN_IN, {"username": typed, "password": PASSWORD}).url == CODE


def test_password_alone_signs_nobody_in(client):
    give_password(client, UserFactory())
    assert not is_signed_in(client)
    assert signed_in_sessions() == 0
    assert client.get("/compte/").url == "/connexion/?next=/compte/"


@pytest.mark.parametrize("state", ["unknown", "wrong", "pending", "disabled"])
def test_a_refusal_never_says_why(client, state):
    """Not activated and disabled accounts get, with the right password, the page of a wrong one."""
    if state == "unknown":
        credentials = {"username": "personne@exemple.fr", "password": PASSWORD}
    else:
        user = UserFactory(username="personne", pending=state == "pending", is_active=state != "disabled")
        password = "tout autre chose, mais vraiment" if state == "wrong" else PASSWORD
        credentials = {"username": user.username, "password": password}
    response = client.post(SIGN_IN, credentials)
    reference = Client().post(SIGN_IN, {"username": credentials["username"] + "x", "password": "n'importe quoi"})
    assert response.status_code == reference.status_code == 200
    assert "Identifiant ou mot de passe incorrect" in response.content.decode()
    assert neutral(response, credentials["username"]) == neutral(reference, credentials["username"] + "x")
    assert not Email.objects.exists()


def neutral(response, username):
    """The page without what is random or typed."""
    page = response.content.decode().replace(f'value="{username}"', "")
    token = response.context["csrf_token"]
    return page.replace(str(token), "")


def test_empty_fields_are_named_with_an_example(client):
    page = client.post(SIGN_IN, {}).content.decode()
    assert "<title>Erreur – Connectez-vous" in page
    assert "par exemple nom@exemple.fr" in page
    assert "Saisissez votre mot de passe." in page


# The code


def test_the_right_code_opens_the_session_and_leads_to_the_dashboard(client):
    response = give_code(client, give_password(client, UserFactory()))
    assert response.url == "/tableau-de-bord/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("role", "landing"),
    [
        (Role.REFERENT, "/tableau-de-bord/"),
        (Role.VERIFIER, "/accueil/"),
        (Role.REGIONAL, "/accueil/"),
        (Role.LEAD, "/accueil/"),
        (Role.ADMIN, "/admin/"),
    ],
)
def test_everyone_gives_a_code_and_lands_where_they_work(client, role, landing):
    assert give_code(client, give_password(client, UserFactory(role=role))).url == landing


def test_code_page_shows_the_identifier_read_only_and_the_words_of_the_guide(client):
    give_password(client, UserFactory(email="jean@exemple.fr"))
    page = " ".join(client.get(CODE).content.decode().split())
    for words in (
        "Code à usage unique transmis par e-mail",
        "Un code de connexion à usage unique vient de vous être envoyé à l'adresse e-mail que vous avez renseignée",
        "lors de votre inscription. Nous vous invitons à le reporter ci-dessous pour vous connecter.",
        "Code transmis",
        "Valider",
        "Envoyer un nouveau code",
        'value="jean@exemple.fr" readonly',
        'autocomplete="one-time-code"',
        'inputmode="numeric"',
    ):
        assert words in page


def test_code_page_without_a_password_leads_to_sign_in(client):
    assert client.get(CODE).url == SIGN_IN
    assert client.post(CODE, {"code": "123456"}).url == SIGN_IN
    assert client.post(RESEND).url == SIGN_IN


def test_a_code_is_six_digits_and_its_message_names_the_time_of_the_request(client):
    with time_machine.travel("2026-06-04T12:32:00+00:00", tick=False):
        code = give_password(client, UserFactory(email="jean@exemple.fr"))
    message = Email.objects.get(kind="code")
    assert code.isdigit()
    assert len(code) == 6
    assert message.is_code
    assert message.to == "jean@exemple.fr"
    assert "jeudi 4 juin 2026 à 14\u00a0h\u00a032, heure de Paris" in message.text
    assert code not in message.subject


def test_a_code_typed_with_spaces_is_understood(client):
    code = give_password(client, UserFactory())
    give_code(client, f" {code[:3]} {code[3:]}\u00a0")
    assert is_signed_in(client)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "123456\x00"])
def test_what_is_not_six_digits_is_told_and_counts_for_nothing(client, typed):
    user = UserFactory()
    give_password(client, user)
    page = give_code(client, typed).content.decode()
    assert "<title>Erreur" in page
    assert EmailCode.objects.get(user=user).failures == 0


def test_a_wrong_code_is_refused_then_the_right_one_accepted(client):
    code = give_password(client, UserFactory())
    assert "Ce code est incorrect" in give_code(client, wrong(code)).content.decode()
    assert not is_signed_in(client)
    give_code(client, code)
    assert is_signed_in(client)


def test_a_code_serves_once(client):
    """Q1, replay: by the same browser after sign-out, and with the state it had before."""
    user = UserFactory()
    code = give_password(client, user)
    before = client.cookies["sessionid"].value
    give_code(client, code)
    client.post("/deconnexion/")
    assert give_code(client, code).url == SIGN_IN
    client.cookies["sessionid"] = before
    assert give_code(client, code).url == SIGN_IN
    assert not is_signed_in(client)


def test_a_code_asked_for_in_one_browser_is_refused_in_another():
    """Q2."""
    user, first, second = UserFactory(), Client(), Client()
    code_of_first = give_password(first, user)
    assert last_code(user) == code_of_first
    session = second.session
    session.update(dict(first.session.items()))
    session["pending_sign_in"] = {**first.session["pending_sign_in"], "id": "another sign-in"}
    session.save()
    second.cookies["sessionid"] = session.session_key
    assert "n&#x27;est plus valable" in give_code(second, code_of_first).content.decode()
    assert not is_signed_in(second)
    give_code(first, code_of_first)
    assert is_signed_in(first)


def test_two_browsers_the_newest_code_in_the_browser_that_asked_for_it():
    """Q2, Q4: the second sign-in voids the first code; neither code serves in the other browser."""
    user, first, second = UserFactory(), Client(), Client()
    code_of_first = give_password(first, user)
    code_of_second = give_password(second, user)
    for browser, code in ((first, code_of_first), (first, code_of_second), (second, code_of_first)):
        give_code(browser, code)
        if code_of_first != code_of_second:
            assert not is_signed_in(browser)
    give_code(second, code_of_second)
    assert is_signed_in(second)
    assert not is_signed_in(first)


@pytest.mark.parametrize(("age", "accepted"), [("9:59", True), ("10:00", False), ("10:01", False)])
def test_a_code_is_valid_for_ten_minutes_exactly(client, age, accepted):
    """Q4."""
    minutes, seconds = map(int, age.split(":"))
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        code = give_password(client, user)
        clock.shift(timedelta(minutes=minutes, seconds=seconds))
        give_code(client, code)
        assert is_signed_in(client) is accepted


def test_a_new_code_voids_the_former_one(client):
    """Q4."""
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        former = give_password(client, user)
        clock.shift(61)
        client.post(RESEND)
        newer = last_code(user)
        if newer != former:
            give_code(client, former)
            assert not is_signed_in(client)
        give_code(client, newer)
        assert is_signed_in(client)


def test_the_fifth_wrong_code_voids_the_right_one(client):
    """Q5, one after the other."""
    code = give_password(client, UserFactory())
    for _ in range(4):
        assert "Ce code est incorrect" in give_code(client, wrong(code)).content.decode()
    assert "n&#x27;est plus valable" in give_code(client, wrong(code)).content.decode()
    give_code(client, code)
    assert not is_signed_in(client)


def test_after_a_voided_code_a_new_one_opens_the_session(client):
    """Q5: never a permanent lock, even after many codes were voided."""
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for _ in range(3):
            code = give_password(client, user)
            for _ in range(5):
                give_code(client, wrong(code))
            clock.shift(timedelta(minutes=20))
        give_code(client, give_password(client, user))
        assert is_signed_in(client)


def test_after_many_failures_attempts_are_spaced_out(client):
    """Guessing over one code after another: the right code has to wait too, a few seconds then at most 15 min."""
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for _ in range(2):
            code = give_password(client, user)
            for _ in range(5):
                give_code(client, wrong(code))
        code = give_password(client, user)
        assert "Trop de codes erronés" in give_code(client, code).content.decode()
        clock.shift(timedelta(seconds=2))
        give_code(client, code)
        assert is_signed_in(client)


def written_in(code: str) -> set[str]:
    """The tables that hold these six digits anywhere."""
    with connection.cursor() as cursor:
        found = set()
        for table in connection.introspection.table_names(cursor):
            statement = sql.SQL("SELECT 1 FROM {} AS kept WHERE kept::text LIKE %s")
            cursor.execute(statement.format(sql.Identifier(table)), [f"%{code}%"])
            if cursor.fetchone():
                found.add(table)
    return found


def test_no_code_in_clear_outside_the_message_that_waits_to_leave(client, caplog):
    """Q3: not in any table but the outbox, which erases it once sent; not in the logs.

    Asked of several codes: the same six digits may stand in a date or in a seal by chance, which is told apart from a
    code that is kept by its being found each time.
    """
    tables, logged = [], []
    for _ in range(3):
        code = give_password(client, UserFactory())
        give_code(client, wrong(code))
        tables.append(written_in(code))
        logged.append(code in caplog.text)
    assert set.intersection(*tables) == {"notifications_email"}
    assert not all(logged)


def test_the_same_code_is_hashed_with_a_salt_of_its_own():
    """Q3."""
    user = UserFactory()
    device = EmailCode(user=user, name="E-mail")
    digests = {}
    for _ in range(2):
        code = device.generate_code(sign_in="s")
        assert code not in device.digest
        digests[device.digest] = code
    assert len(digests) == 2
    assert all(digest.startswith("argon2$argon2id$") for digest in digests)


# « Envoyer un nouveau code »


def test_a_new_code_is_sent_at_most_once_a_minute(client):
    """Q6."""
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        code = give_password(client, user)
        clock.shift(59)
        page = client.post(RESEND, follow=True).content.decode()
        assert "Un code a été demandé il y a peu" in page
        assert "à partir de 10\u00a0h\u00a001" in page
        assert Email.objects.filter(kind="code").count() == 1
        clock.shift(1)
        assert "Un nouveau code vient d&#x27;être envoyé" in client.post(RESEND, follow=True).content.decode()
        assert Email.objects.filter(kind="code").count() == 2
        give_code(client, last_code(user))
        assert is_signed_in(client)
        assert code


def test_a_new_code_is_sent_at_most_five_times_an_hour(client):
    """Q6."""
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        give_password(client, user)
        for _ in range(5):
            clock.shift(60)
            client.post(RESEND)
        assert Email.objects.filter(kind="code").count() == 6
        clock.shift(60)
        client.post(RESEND)
        assert Email.objects.filter(kind="code").count() == 6
        clock.shift(timedelta(hours=1))
        give_password(client, user)
        clock.shift(60)
        client.post(RESEND)
        assert Email.objects.filter(kind="code").count() == 8


def test_another_code_cannot_pass_for_the_first_one(client):
    """Q6: the field of the page of second steps, added to the button of this one, asks for no more."""
    user = UserFactory()
    give_password(client, user)
    for _ in range(3):
        client.post(RESEND, {"first": "1"})
    assert Email.objects.filter(kind="code").count() == 1


def test_sign_ins_one_after_the_other_do_not_flood_a_mailbox(client):
    user = UserFactory()
    for _ in range(20):
        client.post(SIGN_IN, {"username": user.username, "password": PASSWORD})
    assert Email.objects.filter(kind="code").count() == 12


# The session


def test_the_session_changes_its_key_at_each_step_and_at_sign_out(client):
    """Q13."""
    keys = [client.session.session_key]
    client.get(SIGN_IN)
    code = give_password(client, UserFactory())
    keys.append(client.cookies["sessionid"].value)
    give_code(client, code)
    keys.append(client.cookies["sessionid"].value)
    client.post("/deconnexion/")
    keys.append(client.cookies["sessionid"].value)
    assert len(set(keys)) == 4
    assert not Session.objects.filter(session_key__in=keys[:-1]).exists()


def test_a_key_planted_before_sign_in_opens_nothing(client):
    """Session fixation: what the victim's browser was given does not become a session."""
    planted = client.session.session_key
    client.session.save()
    give_code(client, give_password(client, UserFactory()))
    attacker = Client()
    attacker.cookies["sessionid"] = planted
    assert not is_signed_in(attacker)


def test_sign_out_is_a_post(client):
    sign_in(client, UserFactory())
    assert client.get("/deconnexion/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/deconnexion/").url == "/"
    assert not is_signed_in(client)


def test_a_disabled_account_is_refused_at_its_next_request(client):
    """Q16."""
    user = UserFactory()
    sign_in(client, user)
    assert is_signed_in(client)
    user.is_active = False
    user.save()
    assert client.get("/compte/").url == "/connexion/?next=/compte/"


def test_a_removed_role_is_refused_at_the_next_request(client):
    """Q16."""
    user = UserFactory(admin=True)
    sign_in(client, user)
    assert client.get("/admin/").status_code == 200
    user.role = Role.REFERENT
    user.save()
    assert client.get("/admin/").status_code == 404


def test_a_sign_in_under_way_ends_with_the_account(client):
    user = UserFactory()
    code = give_password(client, user)
    user.is_active = False
    user.save()
    assert give_code(client, code).url == SIGN_IN


def test_a_sign_in_under_way_ends_when_the_password_changes(client):
    """Q10."""
    user = UserFactory()
    code = give_password(client, user)
    user.set_password("une autre phrase de passe")
    user.save()
    assert give_code(client, code).url == SIGN_IN


def test_a_sign_in_left_for_half_an_hour_starts_again(client):
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        give_password(client, UserFactory())
        clock.shift(timedelta(minutes=30))
        response = client.get(CODE, follow=True)
        assert response.redirect_chain[-1][0] == SIGN_IN
        assert "a pris trop de temps" in response.content.decode()


def test_a_session_without_code_is_closed_wherever_it_came_from(client):
    client.force_login(UserFactory())
    assert client.get("/compte/").url == "/connexion/?next=/compte/"
    assert "_auth_user_id" not in client.session


def test_a_session_whose_device_is_another_persons_is_closed(client):
    user = UserFactory()
    sign_in(client, user)
    EmailCode.objects.filter(user=user).update(user=UserFactory())
    assert not is_signed_in(client)


def test_whoever_is_signed_in_skips_the_sign_in_pages(client):
    sign_in(client, UserFactory())
    assert client.get(SIGN_IN).url == "/tableau-de-bord/"
    assert client.get(CODE).url == "/tableau-de-bord/"


def test_last_sign_in_is_kept_only_after_the_code(client):
    user = UserFactory()
    code = give_password(client, user)
    user.refresh_from_db()
    assert user.last_login is None
    give_code(client, code)
    user.refresh_from_db()
    assert timezone.now() - user.last_login < timedelta(minutes=1)


# Where to go afterwards


def test_the_page_asked_for_is_kept_through_password_and_code(client):
    asked = client.get("/compte/").url
    assert "/compte/" in client.get(asked).content.decode()
    assert give_code(client, give_password(client, UserFactory(), next_url="/compte/?a=1")).url == "/compte/?a=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://exemple.org/",
        "//exemple.org/",
        "///exemple.org",
        "/\\exemple.org",
        "\\\\exemple.org",
        "http:///exemple.org",
        "javascript:alert(1)",
        "https://testserver@exemple.org/",
        " //exemple.org",
        "/\t/exemple.org",
    ],
)
def test_no_other_site_can_be_the_page_asked_for(client, elsewhere):
    assert "exemple.org" not in client.get(SIGN_IN, {"next": elsewhere}).content.decode()
    response = give_code(client, give_password(client, UserFactory(), next_url=elsewhere))
    assert response.url == "/tableau-de-bord/"
