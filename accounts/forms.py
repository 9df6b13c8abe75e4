"""The shape of what people type. A form validates; it never saves and never says whether an account exists."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.http import HttpRequest, QueryDict

from accounts import password_validation as rules
from accounts import phones
from accounts.enums import Civility
from accounts.models import User, username_characters
from establishments import queries as establishments
from establishments.enums import EstablishmentType

NEW_HINT = "12 caractères au moins, espaces et accents compris. Par exemple quatre mots sans rapport entre eux."
# E-mails begin by the name, and anybody may register the address of somebody else: a name is no place for a paragraph,
# nor for what a mail reader turns into a link.
name_characters = RegexValidator(
    r"\A(?!.*\.[^\W\d_]{2})[^\W\d_](?:[^\W\d_]|[ \u00a0'’ʼ.,\-‐‑\u0300-\u036f])*\Z",
    "Un nom ou un prénom ne contient que des lettres, des espaces, des apostrophes, des tirets et des points suivis "
    "d'une espace, par exemple Marie-Hélène ou D'Ozouf.",
)


class EmailField(forms.EmailField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Adresse e-mail")
        options.setdefault("max_length", 254)
        options.setdefault("widget", forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}))
        super().__init__(**options)
        self.error_messages["required"] = "Saisissez votre adresse e-mail, par exemple nom@exemple.fr."
        self.default_validators = []
        self.validators = [validator for validator in self.validators if validator is not validate_email]
        self.validators.append(_valid_email)


def _valid_email(value: str) -> None:
    try:
        validate_email(value)
    except ValidationError:
        raise ValidationError("Saisissez une adresse électronique, par exemple nom@exemple.fr.", "invalid") from None


class PasswordField(forms.CharField):
    """Never trimmed, never shown again."""

    def __init__(self, *, autocomplete: str, **options: Any) -> None:
        options["strip"] = False
        options["widget"] = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(**options)


class NewPasswordMixin:
    """Two fields, `new_password1` and `new_password2`, and the rules of Q11."""

    cleaned_data: dict[str, Any]

    def check_new_password(self: Any, user: User) -> None:
        first, second = self.cleaned_data.get("new_password1"), self.cleaned_data.get("new_password2")
        if first and second and first != second:
            self.add_error(
                "new_password2", "La confirmation est différente du mot de passe : saisissez deux fois le même."
            )
        if first:
            try:
                password_validation.validate_password(first, user)
            except ValidationError as refusal:
                self.add_error("new_password1", refusal)


class PersonForm(NewPasswordMixin, forms.Form):
    """Step 1 of the registration, « Informations personnelles » (guide p. 8)."""

    username = forms.CharField(
        label="Nom d'utilisateur",
        max_length=60,
        validators=[username_characters],
        help_text="Lettres sans accent, chiffres, points et tirets, par exemple marie.durand.",
        error_messages={"required": "Saisissez un nom d'utilisateur, par exemple marie.durand."},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    civility = forms.ChoiceField(
        label="Civilité",
        choices=Civility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une civilité : Madame ou Monsieur."},
    )
    last_name = forms.CharField(
        label="Nom",
        max_length=80,
        validators=[name_characters],
        error_messages={"required": "Saisissez votre nom, par exemple Durand."},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    first_name = forms.CharField(
        label="Prénom",
        max_length=80,
        validators=[name_characters],
        error_messages={"required": "Saisissez votre prénom, par exemple Marie."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    phone = phones.PhoneField(
        label="Numéro de téléphone",
        help_text="Par exemple 01 01 01 01 01, ou 0692 12 34 56 outre-mer.",
        error_messages={
            "required": "Saisissez votre numéro de téléphone, par exemple 01 01 01 01 01.",
            "invalid": "Saisissez un numéro de téléphone valable, par exemple 01 01 01 01 01. Outre-mer, ajoutez "
            "l'indicatif si besoin, par exemple +262 692 12 34 56.",
        },
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    email = EmailField(help_text="Le lien d'activation et les codes de connexion y sont envoyés.")
    new_password1 = PasswordField(
        label="Mot de passe",
        help_text=NEW_HINT,
        autocomplete="new-password",
        error_messages={"required": "Saisissez un mot de passe de 12 caractères au moins."},
    )
    new_password2 = PasswordField(
        label="Confirmation du mot de passe",
        autocomplete="new-password",
        error_messages={"required": "Saisissez une seconde fois le mot de passe."},
    )

    def __init__(self, *args: Any, password_kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if password_kept:
            kept = "Votre mot de passe est déjà enregistré ; laissez vide pour le conserver."
            self.fields["new_password1"].help_text = kept
            for name in ("new_password1", "new_password2"):
                self.fields[name].required = False

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("new_password1") and not data.get("new_password2") and "new_password2" not in self.errors:
            self.add_error("new_password2", "Saisissez une seconde fois le mot de passe.")
        if data.get("new_password2") and not data.get("new_password1") and "new_password1" not in self.errors:
            self.add_error("new_password1", "Saisissez le mot de passe, puis sa confirmation.")
        names = ("username", "email", "first_name", "last_name", "phone")
        self.check_new_password(User(**{name: data.get(name, "") for name in names}))


class KindAndRegionForm(forms.Form):
    """Step 2, screen 1/3 (guide p. 9)."""

    establishment_type = forms.ChoiceField(
        label="Type d'établissement",
        choices=[("", "Sélectionnez un type"), *EstablishmentType.choices],
        error_messages={"required": "Sélectionnez un type d'établissement, par exemple ESSMS."},
    )
    region = forms.ChoiceField(
        label="Région",
        choices=lambda: [("", "Sélectionnez une région"), *((it.pk, it.name) for it in establishments.regions())],
        error_messages={"required": "Sélectionnez une région, par exemple Île-de-France."},
    )


class SignInForm(forms.Form):
    username = forms.CharField(
        label="Nom d'utilisateur ou adresse email",
        max_length=254,
        error_messages={"required": "Saisissez votre nom d'utilisateur ou votre adresse, par exemple nom@exemple.fr."},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = PasswordField(
        label="Mot de passe",
        # Longer cannot be a password: the hash of a megabyte is not computed.
        max_length=rules.MAXIMUM_LENGTH * 4,
        autocomplete="current-password",
        error_messages={"required": "Saisissez votre mot de passe."},
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code transmis",
        max_length=20,
        help_text="Six chiffres, par exemple 012 345.",
        error_messages={"required": "Saisissez les six chiffres du code reçu par e-mail, par exemple 012345."},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise ValidationError("Saisissez les six chiffres du code reçu par e-mail, par exemple 012345.", "invalid")
        return code


class AuthenticatorForm(CodeForm):
    """A code of the authenticator app."""

    code = forms.CharField(
        label="Code de votre application",
        max_length=20,
        help_text="Six chiffres, qui changent toutes les trente secondes.",
        error_messages={"required": "Saisissez les six chiffres affichés par votre application, par exemple 012345."},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )


class AuthenticatorNameForm(forms.Form):
    name = forms.CharField(
        label="Nom de l'application",
        max_length=60,
        help_text="Pour la reconnaître parmi les vôtres, par exemple Application du téléphone.",
        error_messages={"required": "Donnez un nom à cette application, par exemple Application du téléphone."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewAuthenticatorForm(AuthenticatorNameForm, AuthenticatorForm):
    """A first code of a new app, and the name by which the person will know it."""

    field_order = ["code", "name"]


class RecoveryForm(forms.Form):
    code = forms.CharField(
        label="Code de secours",
        max_length=40,
        help_text="Un des dix codes que vous avez conservés, par exemple A-BCDEF-GHJKM.",
        error_messages={"required": "Saisissez un de vos codes de secours, par exemple A-BCDEF-GHJKM."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class PasskeyNameForm(forms.Form):
    name = forms.CharField(
        label="Nom de la clé",
        max_length=60,
        help_text="Pour la reconnaître parmi les vôtres, par exemple Ordinateur du bureau.",
        error_messages={"required": "Donnez un nom à cette clé, par exemple Ordinateur du bureau."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasskeyForm(PasskeyNameForm):
    """The browser's answer, in JSON, with the name by which the person will know that key."""

    answer = forms.JSONField(widget=forms.HiddenInput({"data-passkey-answer": ""}), required=False)


class PasskeyAnswerForm(forms.Form):
    """The browser's answer to a challenge, in JSON."""

    answer = forms.JSONField()


class ConfirmationForm(forms.Form):
    """The password, or a code of the authenticator app of whoever has one. Prefixed: another form is carried along."""

    prefix = "confirm"
    password = PasswordField(
        label="Votre mot de passe",
        max_length=rules.MAXIMUM_LENGTH * 4,
        autocomplete="current-password",
        error_messages={"required": "Saisissez votre mot de passe."},
    )
    code = AuthenticatorForm.base_fields["code"]

    def __init__(self, data: QueryDict | None, *, with_app: bool) -> None:
        super().__init__(data)
        if with_app:
            self.fields["password"].required = self.fields["code"].required = False
            self.fields["code"].label = "Ou un code de votre application"
        else:
            del self.fields["code"]

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())

    def clean(self) -> None:
        if not self.errors and not self.cleaned_data.get("password") and not self.cleaned_data.get("code"):
            self.add_error("password", "Saisissez votre mot de passe, ou un code de votre application.")


class ConfirmationPasskeyForm(PasskeyAnswerForm):
    """A passkey instead."""

    prefix = "confirm"


class ConfirmationCodeForm(CodeForm):
    """The code sent once the password was given."""

    prefix = "confirm"


class DeletionForm(forms.Form):
    """The password, and a box that says what is about to happen."""

    password = PasswordField(
        label="Votre mot de passe",
        max_length=rules.MAXIMUM_LENGTH * 4,
        autocomplete="current-password",
        error_messages={"required": "Saisissez votre mot de passe."},
    )
    understood = forms.BooleanField(
        label="Je comprends que mon compte sera supprimé définitivement",
        error_messages={"required": "Cochez la case pour confirmer que la suppression est définitive."},
    )


class EmailForm(forms.Form):
    """An address, to send a link to."""

    email = EmailField()


class EmailChangeForm(forms.Form):
    email = EmailField(label="Nouvelle adresse e-mail", help_text="Par exemple nom@exemple.fr.")

    def __init__(self, user: User, data: QueryDict | None) -> None:
        super().__init__(data)
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.lower() == self.user.email.lower():
            raise ValidationError("C'est déjà l'adresse de votre compte. Saisissez-en une autre.", "same")
        return email


class TermsForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label="J'accepte les conditions générales d'utilisation",
        error_messages={"required": "Cochez la case pour accepter les conditions et continuer."},
    )


class NewPasswordForm(NewPasswordMixin, forms.Form):
    """A new password, after a link received by e-mail."""

    new_password1 = PasswordField(
        label="Nouveau mot de passe",
        help_text=NEW_HINT,
        autocomplete="new-password",
        error_messages={"required": "Saisissez un mot de passe de 12 caractères au moins."},
    )
    new_password2 = PasswordField(
        label="Confirmation du nouveau mot de passe",
        autocomplete="new-password",
        error_messages={"required": "Saisissez une seconde fois le nouveau mot de passe."},
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> None:
        self.check_new_password(self.user)


class PasswordChangeForm(NewPasswordForm):
    """A new password, from the account page. The view checks the current one, with the pause of Q7."""

    old_password = PasswordField(
        label="Mot de passe actuel",
        max_length=rules.MAXIMUM_LENGTH * 4,
        autocomplete="current-password",
        error_messages={"required": "Saisissez votre mot de passe actuel."},
    )
    field_order = ["old_password", "new_password1", "new_password2"]


def posted(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the data of a POST, even empty; nothing otherwise."""
    return request.POST if request.method == "POST" else None
