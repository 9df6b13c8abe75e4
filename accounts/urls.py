"""Addresses of the accounts room."""

from django.urls import path

from accounts.views import account, password, registration, sign_in, terms

app_name = "accounts"
urlpatterns = [
    path("inscription/", registration.person, name="register"),
    path("inscription/etablissement/", registration.establishment, name="register-establishment"),
    path("inscription/etablissement/choix/", registration.pick, name="register-pick"),
    path("inscription/etablissement/sites/", registration.sites, name="register-sites"),
    path("inscription/recapitulatif/", registration.recap, name="register-recap"),
    path("inscription/confirmation/", registration.done, name="register-done"),
    path("inscription/activation/", registration.activation_again, name="activation-again"),
    path("inscription/activation/envoyee/", registration.activation_sent, name="activation-sent"),
    path("inscription/activation/<str:token>/", registration.activate, name="activate"),
    path("connexion/", sign_in.sign_in, name="sign-in"),
    path("connexion/code/", sign_in.code, name="code"),
    path("connexion/code/nouveau/", sign_in.resend_code, name="resend-code"),
    path("deconnexion/", sign_in.sign_out, name="sign-out"),
    path("cgu/", terms.terms, name="terms"),
    path("cgu/accepter/", terms.accept_terms, name="accept-terms"),
    path("mot-de-passe/oublie/", password.reset, name="password-reset"),
    path("mot-de-passe/oublie/envoye/", password.reset_sent, name="password-reset-sent"),
    path("mot-de-passe/nouveau/<uuid:public_id>/<str:token>/", password.reset_confirm, name="password-reset-confirm"),
    path("compte/", account.account, name="account"),
    path("compte/mot-de-passe/", password.change, name="password-change"),
    path("compte/etablissements/ajouter/", account.add_establishment, name="add-establishment"),
    path("compte/etablissements/ajouter/choix/", account.add_establishment_pick, name="add-establishment-pick"),
    path("compte/etablissements/ajouter/sites/", account.add_establishment_sites, name="add-establishment-sites"),
    path("compte/collaborateurs/<uuid:public_id>/", account.colleague, name="colleague"),
]
