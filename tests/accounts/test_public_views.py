"""Closed by default: the views of the room that answer a visitor, all of them."""

from accounts.urls import urlpatterns

PUBLIC = {
    "register",
    "register-establishment",
    "register-pick",
    "register-sites",
    "register-recap",
    "register-done",
    "activation-again",
    "activation-sent",
    "activate",
    "confirm-email",
    "sign-in",
    "code",
    "resend-code",
    "second-step",
    "second-step-options",
    "session",
    "account-deleted",
    "sign-out",
    "terms",
    "password-reset",
    "password-reset-sent",
    "password-reset-confirm",
}
BEFORE_TERMS = {"session", "sign-out", "terms", "accept-terms"}


def test_public_views_are_those_listed_here():
    assert {it.name for it in urlpatterns if not getattr(it.callback, "login_required", True)} == PUBLIC


def test_views_reachable_before_the_terms_are_those_listed_here():
    reachable = {it.name for it in urlpatterns if getattr(it.callback, "reachable_before_terms", False)}
    assert reachable == BEFORE_TERMS
