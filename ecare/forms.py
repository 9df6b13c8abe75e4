"""Messages that name the field, say what is expected and give an example (Q65), for every form that inherits them."""

from typing import Any

from django import forms

from ecare import french

EMAIL = "Saisissez une adresse électronique, par exemple nom@exemple.fr."
DATE = "Saisissez une date, par exemple 04/06/2026."
WHOLE_NUMBER = "Saisissez un nombre entier, par exemple 12."
NUMBER = "Saisissez un nombre, par exemple 1250,50."
EXAMPLES: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.EmailField, EMAIL),
    (forms.DateField, DATE),
    (forms.DateTimeField, DATE),
    (forms.DecimalField, NUMBER),
    (forms.FloatField, NUMBER),
    (forms.IntegerField, WHOLE_NUMBER),
)


class NamedErrors:
    """Mixin of forms: replaces Django's general messages, and never those that a field gives itself."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            defaults = _default_messages(type(field))
            for key, text in _messages(str(field.label or name), field).items():
                if field.error_messages.get(key) == defaults.get(key):
                    field.error_messages[key] = text


class Form(NamedErrors, forms.Form):
    pass


class ModelForm(NamedErrors, forms.ModelForm):
    pass


def _default_messages(field_class: type) -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for base in reversed(field_class.__mro__):
        messages |= base.__dict__.get("default_error_messages", {})
    return messages


def _messages(label: str, field: forms.Field) -> dict[str, str]:
    named = french.quoted(label.rstrip(" .:*"))
    if isinstance(field, forms.FileField):
        return {
            "required": f"Déposez un fichier pour {named}.",
            "empty": "Ce fichier est vide\u00a0: déposez-en un autre.",
        }
    if isinstance(field.widget, forms.CheckboxInput):
        return {"required": f"Cochez la case {named} pour continuer."}
    if isinstance(field, forms.ChoiceField):
        choice = f"Choisissez une réponse de la liste pour {named}."
        return {"required": f"Choisissez une réponse pour {named}.", "invalid_choice": choice, "invalid_list": choice}
    messages = {"required": f"Renseignez {named}."}
    for field_class, text in EXAMPLES:
        if isinstance(field, field_class):
            messages["invalid"] = text
            break
    return messages
