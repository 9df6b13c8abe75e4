"""The `care` template pack of django-crispy-forms: what a browser, and a screen reader, are given."""

from html.parser import HTMLParser
from typing import Any

import pytest
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Fieldset, Layout, Submit
from django import forms
from django.template import Context, Template
from django.test.html import parse_html

from ecare.gallery import EveryField
from ecare.templatetags import care_forms
from ecare.widgets import Select

VOID = {"input", "br", "img", "hr", "meta", "link"}


class Page(HTMLParser):
    """The elements of a piece of HTML, in order, with their attributes and text. Fails on what does not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self.feed(html)
        assert not self.open, f"not closed: {[element['tag'] for element in self.open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"attribute given twice: {tag} {attrs}"
        element = {"tag": tag, "text": "", **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element["text"] += data

    def by_id(self, identifier: str) -> dict[str, Any]:
        found = [element for element in self.elements if element.get("id") == identifier]
        assert len(found) == 1, f"{len(found)} elements have the id {identifier}"
        return found[0]

    def all(self, tag: str, **attributes: str) -> list[dict[str, Any]]:
        return [
            element
            for element in self.elements
            if element["tag"] == tag and all(element.get(name) == value for name, value in attributes.items())
        ]

    def described(self, element: dict[str, Any]) -> str:
        """What is read out after the name of the element."""
        texts = [self.by_id(identifier)["text"] for identifier in element["aria-describedby"].split()]
        return " ".join(" ".join(texts).split())


def render(source: str, **context: Any) -> Page:
    return Page(Template("{% load crispy_forms_tags %}" + source).render(Context(context)))


@pytest.fixture
def empty() -> Page:
    return render("{{ form|crispy }}", form=EveryField())


@pytest.fixture
def refused() -> Page:
    return render("{{ form|crispy }}", form=EveryField({"email": "nom", "region": "99"}))


def test_every_input_has_a_label_or_a_legend(empty: Page) -> None:
    labelled = {label["for"] for label in empty.all("label")}
    inputs = [element for element in empty.elements if element["tag"] in ("input", "select", "textarea")]
    assert len(inputs) == 16
    assert {element["id"] for element in inputs} <= labelled
    assert [legend["text"].split()[0] for legend in empty.all("legend")] == ["Parcours", "Besoins"]


def test_required_fields_carry_an_asterisk_for_the_eyes_and_the_attribute_for_the_others(empty: Page) -> None:
    assert "required" in empty.by_id("id_name")
    assert "required" not in empty.by_id("id_comment")
    asterisks = [span for span in empty.all("span") if span.get("class") == "care-required"]
    required = [field for field in EveryField().fields.values() if field.required]
    assert len(asterisks) == len(required)
    assert {span["aria-hidden"] for span in asterisks} == {"true"}


def test_description_covers_the_hint_and_the_error(refused: Page) -> None:
    email = refused.by_id("id_email")
    assert email["aria-invalid"] == "true"
    described = refused.described(email)
    assert described.startswith("Par exemple nom@exemple.fr.")
    assert "Saisissez une adresse électronique, par exemple nom@exemple.fr." in described


def test_valid_fields_are_not_marked(refused: Page) -> None:
    comment = refused.by_id("id_comment")
    assert "aria-invalid" not in comment
    assert "error" not in comment["class"]
    assert refused.described(comment) == ""


def test_values_and_autocomplete_are_kept(refused: Page) -> None:
    assert refused.by_id("id_email")["value"] == "nom"
    assert refused.by_id("id_name")["autocomplete"] == "family-name"
    assert refused.by_id("id_password")["autocomplete"] == "new-password"
    assert "value" not in refused.by_id("id_password")


def test_radio_group_carries_the_state_that_its_buttons_may_not(refused: Page) -> None:
    group = refused.by_id("id_track")
    assert (group["tag"], group["role"], group["aria-required"]) == ("fieldset", "radiogroup", "true")
    assert group["aria-invalid"] == "true"
    assert refused.described(group) == "Un seul parcours par dossier. Choisissez une réponse pour « Parcours »."
    buttons = refused.all("input", type="radio")
    assert len(buttons) == 3
    assert all("aria-invalid" not in button for button in buttons)


def test_invalid_choices_mark_each_checkbox_of_the_group() -> None:
    page = render("{{ form.needs|as_crispy_field }}", form=EveryField({"needs": ["9"]}))
    boxes = page.all("input", type="checkbox")
    assert {box["aria-invalid"] for box in boxes} == {"true"}
    assert "Choisissez une réponse de la liste" in page.described(boxes[0])


def test_date_is_the_pickers_and_its_value_is_iso() -> None:
    page = render("{{ form.date|as_crispy_field }}", form=EveryField({"date": "2026-06-04"}))
    date = page.by_id("id_date")
    assert (date["type"], date["value"]) == ("date", "2026-06-04")


def test_file_says_its_rules_and_makes_the_form_multipart() -> None:
    form = EveryField()
    form.helper = FormHelper()
    page = render("{% crispy form %}", form=form)
    assert page.all("form")[0]["enctype"] == "multipart/form-data"
    assert "Taille < 50 Mo" in page.described(page.by_id("id_file"))


def test_text_from_people_is_escaped() -> None:
    class Hostile(forms.Form):
        name = forms.CharField(label="<script>", help_text="<b>aide</b>")

    page = render("{{ form|crispy }}", form=Hostile({"name": ""}))
    assert not page.all("script")
    assert not page.all("b")


def test_drawing_a_form_leaves_its_widgets_as_they_were() -> None:
    form = EveryField({"email": "nom"})
    before = {name: dict(field.widget.attrs) for name, field in form.fields.items()}
    first = Template("{% load crispy_forms_tags %}{{ form|crispy }}").render(Context({"form": form}))
    second = Template("{% load crispy_forms_tags %}{{ form|crispy }}").render(Context({"form": form}))
    assert first == second
    assert {name: dict(field.widget.attrs) for name, field in form.fields.items()} == before


def test_layouts_draw_fieldsets_groups_and_buttons() -> None:
    class Person(forms.Form):
        first_name = forms.CharField(label="Prénom")
        last_name = forms.CharField(label="Nom")

    form = Person()
    form.helper = FormHelper()
    form.helper.layout = Layout(
        Fieldset("Vos informations", Div(Field("first_name", wrapper_class="care-half"), css_class="row"), "last_name"),
        HTML("<p>Une phrase.</p>"),
        Submit("save", "Enregistrer"),
    )
    page = render("{% crispy form %}", form=form, csrf_token="jeton")
    assert page.all("legend")[0]["text"] == "Vos informations"
    assert page.all("button", type="submit", name="save")[0]["text"] == "Enregistrer"
    assert page.all("input", type="hidden")[0]["value"] == "jeton"
    assert any("care-half" in element.get("class", "") for element in page.all("div"))
    assert "novalidate" in page.all("form")[0]


def test_formsets_draw_their_management_form_and_each_form() -> None:
    formset = forms.formset_factory(EveryField, extra=2)(prefix="sites")
    page = render("{{ formset|crispy }}", formset=formset)
    assert page.by_id("id_sites-TOTAL_FORMS")["value"] == "2"
    assert page.by_id("id_sites-1-email")["type"] == "email"


def test_error_summary_links_to_each_field_and_to_the_first_button_of_a_group() -> None:
    form = EveryField({"email": "nom", "region": "99"})
    page = render('{% include "components/error_summary.html" with form=form only %}{{ form|crispy }}', form=form)
    summary = page.by_id("erreurs")
    assert (summary["role"], summary["tabindex"]) == ("alert", "-1")
    assert "Cette erreur concerne tout le formulaire." in summary["text"]
    links = {link["href"].removeprefix("#"): " ".join(link["text"].split()) for link in page.all("a")}
    for identifier in links:
        page.by_id(identifier)
    assert links["id_track_0"] == "Choisissez une réponse pour « Parcours »."
    assert links["id_email"] == "Adresse e-mail : Saisissez une adresse électronique, par exemple nom@exemple.fr."
    assert links["id_name"] == "Renseignez « Nom »."


def test_error_summary_of_a_form_without_errors_is_nothing() -> None:
    assert not render('{% include "components/error_summary.html" with form=form only %}', form=EveryField()).elements


def test_messages_given_by_a_field_are_kept() -> None:
    class Person(EveryField):
        name = forms.CharField(label="Nom", error_messages={"required": "Il nous faut votre nom."})

    assert Person({}).errors["name"] == ["Il nous faut votre nom."]


@pytest.mark.parametrize("value", ["", None, "a", 2, "absent"])
def test_a_select_written_in_one_go_is_that_of_django(value: object) -> None:
    choices = [("", "Tous"), ("a", "Sables & dunes"), (2, '« Deux » "2"')]
    drawn = [widget(choices=choices).render("choix", value, {"id": "id_choix"}) for widget in (Select, forms.Select)]
    assert drawn[0].count("<option") == 3
    assert parse_html(drawn[0]) == parse_html(drawn[1])


@pytest.mark.parametrize(
    ("label", "error", "said"),
    [
        ("Motif du refus", "Indiquez le motif du refus.", "Indiquez le motif du refus."),
        ("Nom", "Saisissez un nombre.", "Nom\u00a0: Saisissez un nombre."),
        ("Montant (€)", "Saisissez un montant en euros.", "Montant (€)\u00a0: Saisissez un montant en euros."),
        ("Choisissez un guichet\u00a0:", "Ce guichet est fermé.", "Ce guichet est fermé."),
    ],
)
def test_the_summary_names_a_field_once(label: str, error: str, said: str) -> None:
    form = forms.Form()
    form.fields["one"] = forms.CharField(label=label)
    assert care_forms.summary_text(form["one"], error) == said
