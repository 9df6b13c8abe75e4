"""Forms written in the admin (G4): by choice and never as code, for administrators alone, at a constant cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from dossiers import catalog, kinds, queries, workflow
from dossiers.models import Dossier, FormRevision, Guichet, Question, Section, Stage
from dossiers.workflow import editing, publication
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db
WORD = {"kind": "short_text", "label": "Un mot", "short_label": "Mot"}
ROLES = ("referent", "verifier", "regional", "lead")


@pytest.fixture
def administrator() -> User:
    return UserFactory(admin=True)


@pytest.fixture
def client(administrator: User) -> Client:
    return factories.signed_in(administrator)


@pytest.fixture
def draft(administrator: User) -> FormRevision:
    """The POC's form, being changed."""
    return publication.start_draft(factories.poc(), by=administrator)


def url(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def editor(revision: FormRevision) -> str:
    return url("dossiers_formrevision_change", revision.pk)


def codes(revision: FormRevision) -> list[str]:
    return [question.code for question in queries.questions(revision)]


def said(response: HttpResponse) -> str:
    return pages.text(response)


def every_address(revision: FormRevision) -> list[str]:
    section, question = revision.sections.first(), revision.questions.first()
    assert section is not None
    assert question is not None
    stage = revision.stage
    names = ("form_preview", "form_settings", "form_publish", "form_discard", "form_section_add")
    parts = ("form_question", "form_question_move", "form_question_delete")
    return [
        editor(revision),
        *(url(name, revision.pk) for name in names),
        f"{url('form_question_add', revision.pk)}?section={section.pk}&kind=short_text",
        *(url(name, question.pk) for name in parts),
        *(url(name, section.pk) for name in ("form_section", "form_section_move", "form_section_delete")),
        *(url(name, stage.guichet_id) for name in ("guichet_export", "guichet_duplicate", "dossiers_guichet_change")),
        url("guichet_import"),
        url("stage_draft", stage.pk),
        url("dossiers_stage_change", stage.pk),
        url("dossiers_stage_add"),
    ]


# Who may


def test_other_roles_find_nothing_and_write_nothing(draft: FormRevision) -> None:
    before = catalog.describe(draft)
    for role in ROLES:
        stranger = factories.signed_in(UserFactory(**{role: True}))
        for address in every_address(draft):
            assert stranger.get(address).status_code == 404, (role, address)
            assert stranger.post(address, {"title": "x", "step": "up"}).status_code == 404, (role, address)
    for address in every_address(draft):
        assert Client().get(address).status_code == 302, address
    assert catalog.describe(draft) == before


@pytest.mark.parametrize("role", ROLES)
def test_the_workflow_knows_only_administrators(draft: FormRevision, role: str) -> None:
    by = UserFactory(**{role: True})
    section, question = draft.sections.first(), draft.questions.first()
    assert section is not None
    assert question is not None
    changes: list[Any] = [
        lambda: publication.start_draft(draft.stage, by=by),
        lambda: publication.publish(draft, by=by),
        lambda: publication.discard_draft(draft, by=by),
        lambda: publication.duplicate_guichet(draft.stage.guichet, "copie", "Copie", by=by),
        lambda: publication.save_guichet(draft.stage.guichet, by=by),
        lambda: publication.save_stage(draft.stage, by=by),
        lambda: editing.change_form(draft, by=by, minutes=5),
        lambda: editing.add_section(draft, by=by, title="x"),
        lambda: editing.change_section(section, by=by, title="x", help=""),
        lambda: editing.move_section(section, by=by, position=2),
        lambda: editing.delete_section(section, by=by),
        lambda: editing.add_question(section, by=by, code="x", **WORD),
        lambda: editing.change_question(question, by=by, label="x"),
        lambda: editing.move_question(question, by=by, position=2),
        lambda: editing.delete_question(question, by=by),
    ]
    before = catalog.describe(draft)
    for change in changes:
        with pytest.raises(workflow.NotAllowed):
            change()
    assert catalog.describe(draft) == before


def test_an_account_closed_meanwhile_writes_nothing(draft: FormRevision, administrator: User) -> None:
    administrator.is_active = False
    with pytest.raises(workflow.NotAllowed):
        publication.publish(draft, by=administrator)


def test_a_published_form_is_read_and_no_longer_written(client: Client, administrator: User) -> None:
    revision = factories.poc().revisions.get()
    question, section = revision.questions.first(), revision.sections.first()
    assert question is not None
    assert section is not None
    page = said(client.get(editor(revision)))
    assert "Elle ne se modifie plus." in page
    assert "Ajouter une question" not in page
    for address in every_address(revision)[2:13]:
        assert client.post(address, {"title": "x"}).status_code == 404, address
    for change in (
        lambda: editing.add_section(revision, by=administrator, title="x"),
        lambda: editing.change_question(question, by=administrator, label="x"),
        lambda: editing.move_section(section, by=administrator, position=3),
        lambda: publication.publish(revision, by=administrator),
        lambda: publication.discard_draft(revision, by=administrator),
    ):
        with pytest.raises(workflow.Refused):
            change()


# Drafts


def test_a_draft_begins_as_the_published_form_and_goes_without_a_trace(client: Client) -> None:
    stage = factories.poc()
    published = stage.revisions.get()
    response = client.post(url("stage_draft", stage.pk))
    draft = stage.revisions.get(published_at=None)
    assert response.url == editor(draft)
    assert catalog.describe(draft) == catalog.describe(published)
    assert client.post(url("stage_draft", stage.pk)).url == editor(draft), "begun once"
    client.post(url("form_discard", draft.pk))
    assert list(stage.revisions.all()) == [published]


def test_a_section_is_named_without_the_character_that_postgresql_refuses(client: Client, draft: FormRevision) -> None:
    for title, named in (("Plan\0ning", 1), ("\0", 0)):
        before = draft.sections.count()
        assert client.post(url("form_section_add", draft.pk), {"title": title}).status_code == 302
        assert draft.sections.count() == before + named
    assert draft.sections.filter(title="Planning").exists()


def test_parts_are_put_in_order_by_step_and_by_number(client: Client, draft: FormRevision) -> None:
    contacts = Section.objects.get(revision=draft, title="Contacts")
    names = [each.code for each in contacts.questions.order_by("position")]
    assert names == ["contact_ciso", "contact_cio", "contact_signatory"]
    signatory = contacts.questions.get(code="contact_signatory")
    move = url("form_question_move", signatory.pk)
    client.post(move, {"section": contacts.pk, "step": "up", "position": "3"})
    assert [each.code for each in contacts.questions.order_by("position")][1] == "contact_signatory"
    client.post(move, {"section": contacts.pk, "position": "1"})
    assert [each.code for each in contacts.questions.order_by("position")] == [names[2], *names[:2]]
    first = draft.sections.order_by("position").first()
    assert first is not None
    client.post(move, {"section": first.pk, "position": "2"})
    assert codes(draft)[1] == "contact_signatory"
    assert [each.position for each in contacts.questions.order_by("position")] == [1, 2]
    client.post(url("form_section_move", contacts.pk), {"step": "up"})
    titles = [each.title for each in draft.sections.order_by("position")]
    assert titles[5:7] == ["Contacts", "Cadre de réponse"]
    for nonsense in ("", "0", "-4", "a", "9" * 30):
        assert client.post(move, {"section": first.pk, "position": nonsense}).status_code == 302


def typed(page: HttpResponse, **changed: Any) -> dict[str, Any]:
    """What the browser sends of a question's page, some fields typed."""
    sheet = page.context["sheet"]
    data: dict[str, Any] = {}
    for form in sheet.forms:
        for field in form:
            value = field.value()
            if value not in (None, "", False, []):
                data[field.html_name] = "on" if value is True else getattr(value, "pk", value)
    return {name: value for name, value in {**data, **changed}.items() if value is not None}


def test_a_question_is_added_with_its_answers_and_its_condition_by_choice(client: Client, draft: FormRevision) -> None:
    section = draft.sections.order_by("position").last()
    assert section is not None
    address = f"{url('form_question_add', draft.pk)}?section={section.pk}&kind=single_choice"
    page = client.get(address)
    assert "Je candidate en tant que…" in said(page)
    assert "Périmètre : nombre de régions" in said(page)
    data = typed(
        page,
        label="Quelle est la taille de votre parc ?",
        **{
            "options-value_1": "small",
            "options-label_1": "Petit",
            "options-value_2": "large",
            "options-label_2": "Grand",
            "shown-mode": "any",
            "shown-applicant_kind__value__in": ["grappe", "gcsms"],
            "shown-perimeter__regions__above": "1",
        },
    )
    response = client.post(address, data)
    assert response.status_code == 302, said(response)
    question = draft.questions.get(code="quelle_est_la_taille_de_votre_parc")
    assert question.short_label == question.label == "Quelle est la taille de votre parc ?"
    assert [choice["value"] for choice in question.options["choices"]] == ["small", "large"]
    assert question.shown_when == {
        "any": [
            {"question": "applicant_kind", "in": ["grappe", "gcsms"]},
            {"question": "perimeter", "fact": "regions", "above": 1},
        ]
    }
    # Shown again and saved as it is, nothing changes.
    again = url("form_question", question.pk)
    before = catalog.describe(draft)
    assert client.post(again, typed(client.get(again))).status_code == 302
    assert catalog.describe(draft) == before


@pytest.mark.parametrize("code", sorted(kinds.KINDS))
def test_every_kind_is_added_without_a_word_of_json(client: Client, administrator: User, code: str) -> None:
    stage = factories.guichet().stages.get()
    draft = publication.start_draft(stage, by=administrator)
    page = client.get(f"{url('form_question_add', draft.pk)}?section={draft.sections.get().pk}&kind={code}")
    assert page.status_code == 200
    content = page.content.decode()
    main = content[content.index("data-question-form") :]
    assert not re.search(r"[{\[]&quot;|JSON|&lt;", main)
    assert kinds.KINDS[code].name in said(page)


def test_every_shipped_question_is_saved_as_it_was(client: Client, draft: FormRevision) -> None:
    before = catalog.describe(draft)
    for question in draft.questions.all():
        address = url("form_question", question.pk)
        response = client.post(address, typed(client.get(address)))
        assert response.status_code == 302, (question.code, said(response))
    assert catalog.describe(draft) == before


def test_a_condition_that_no_box_can_say_is_told_in_words_and_kept(client: Client, draft: FormRevision) -> None:
    nested = {
        "all": [
            {"question": "track", "in": ["1"]},
            {"any": [{"question": "applicant_type", "in": ["public"]}, {"question": "commitment", "in": [True]}]},
        ]
    }
    question = draft.questions.get(code="comment")
    Question.objects.filter(pk=question.pk).update(shown_when=nested)
    address = url("form_question", question.pk)
    page = client.get(address)
    assert "« Je candidate sur le parcours… » est « Parcours 1 » et (« Typologie du candidat » est « Public »" in said(
        page
    )
    client.post(address, typed(page, label="Un commentaire"))
    question.refresh_from_db()
    assert (question.label, question.shown_when) == ("Un commentaire", nested)
    client.post(address, typed(page, **{"shown-mode": "all", "shown-track__value__in": ["2"]}))
    question.refresh_from_db()
    assert question.shown_when == {"question": "track", "in": ["2"]}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": None}, "Renseignez « Libellé »."),
        ({"code": "Taille du parc"}, "Écrivez le code en minuscules sans accents"),
        ({"code": "track"}, "Ce code est déjà celui d'une autre question : choisissez-en un autre."),
        ({"shown-mode": "all"}, "Choisissez au moins une réponse ci-dessous, ou affichez toujours la question."),
        ({"options-max_length": "beaucoup"}, "Saisissez un nombre entier"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_written(
    client: Client, draft: FormRevision, changed: dict[str, Any], sentence: str
) -> None:
    address = url("form_question", draft.questions.get(code="comment").pk)
    before = catalog.describe(draft)
    response = client.post(address, typed(client.get(address), **changed))
    assert response.status_code == 200
    assert sentence in said(response).replace("’", "'")
    assert "<title>Erreur" in response.content.decode()
    assert catalog.describe(draft) == before


def test_flaws_are_always_on_the_editor_and_prevent_the_publication(client: Client, draft: FormRevision) -> None:
    assert "Rien ne s'oppose à la publication." in said(client.get(editor(draft)))
    client.post(url("form_question_delete", draft.questions.get(code="applicant_kind").pk))
    agreement = draft.questions.get(code="partnership_agreement")

    page = client.get(editor(draft))

    assert "1 point à corriger avant de publier" in said(page)
    assert f'href="#question-{agreement.pk}"' in page.content.decode()
    assert "La condition cite une question absente ou plus loin, « applicant_kind »." in said(page)
    assert "ne peut pas encore être publié" in said(client.get(url("form_publish", draft.pk)))
    client.post(url("form_publish", draft.pk))
    draft.refresh_from_db()
    assert draft.published_at is None
    with pytest.raises(publication.Flawed):
        publication.publish(draft, by=UserFactory(admin=True))
    Question.objects.filter(revision=draft).update(mandatory=False)
    assert "Aucune question n'est obligatoire." in said(client.get(editor(draft)))


def test_publishing_tells_what_changes_and_for_how_many(
    client: Client, administrator: User, draft: FormRevision
) -> None:
    dossier_stage = factories.draft(stage=draft.stage)
    editing.change_question(draft.questions.get(code="comment"), by=administrator, label="Autre chose ?")
    page = said(client.get(url("form_publish", draft.pk)))
    assert "question modifiée : « Commentaire »" in page
    assert "1 brouillon en cours passe au nouveau formulaire" in page
    client.post(url("form_publish", draft.pk))
    draft.refresh_from_db()
    assert draft.published_by == administrator
    workflow.revisions.follow(dossier_stage)
    form = said(pages.owner(dossier_stage).get(pages.url("form", dossier_stage)))
    assert "Le formulaire a été mis à jour le" in form
    assert "Question modifiée : « Commentaire »." in form


def test_settings_are_chosen_and_typed_as_rows(client: Client, draft: FormRevision) -> None:
    address = url("form_settings", draft.pk)
    assert "Je candidate sur le parcours…" in said(client.get(address))
    data = {
        "minutes": "45",
        "to_prepare": "le RIB\r\nle diagnostic",
        "track_question": "track",
        "perimeter_question": "perimeter",
        "axis_code_1": "reseau",
        "axis_label_1": "Réseau",
    }
    assert client.post(address, data).status_code == 302
    draft.refresh_from_db()
    assert (draft.minutes, draft.to_prepare) == (45, "le RIB\nle diagnostic")
    assert draft.axes == [{"code": "reseau", "label": "Réseau"}]
    assert client.post(address, {**data, "track_question": "perimeter"}).status_code == 200


def test_the_preview_shows_what_the_answers_bring_out_and_writes_nothing(client: Client, draft: FormRevision) -> None:
    factories.entity(sites=3)
    address = url("form_preview", draft.pk)
    FormRevision.objects.filter(pk=draft.pk).update(minutes=45)
    blank = said(client.get(address))
    assert "Comptez environ 45 minutes." in blank
    assert "Séparation des périmètres" not in blank
    shown = said(client.post(address, {"applicant_type-value": "hospital", "comment-value": "Bonjour"}))
    assert "Séparation des périmètres sanitaire et médico-social" in shown
    assert "Affichée si « Typologie du candidat » est" in said(client.get(address, {"everything": ""}))
    assert Dossier.objects.count() == 0


def test_the_editor_costs_the_same_at_1_3_and_30_questions(client: Client, administrator: User) -> None:
    costs: dict[str, set[int]] = {}
    stage = factories.guichet().stages.get()
    client.get(url("dossiers_guichet_change", stage.guichet_id))  # what the admin learns of its models once for all
    draft = publication.start_draft(stage, by=administrator)
    section = draft.sections.get()
    question = draft.questions.get()
    for size in (1, 3, 30):
        while draft.questions.count() < size:
            number = draft.questions.count()
            editing.add_question(section, by=administrator, code=f"word_{number}", **WORD)
        editing.move_question(question, by=administrator, position=size)
        for name, address in {
            "editor": editor(draft),
            "question": url("form_question", question.pk),
            "publish": url("form_publish", draft.pk),
            "preview": url("form_preview", draft.pk),
            "guichet": url("dossiers_guichet_change", stage.guichet_id),
        }.items():
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            costs.setdefault(name, set()).add(len(captured))
    assert {name: len(found) for name, found in costs.items()} == dict.fromkeys(costs, 1), costs
    assert max(max(found) for found in costs.values()) <= 12, costs


# Guichets


def test_a_duplicate_has_the_same_forms_as_drafts_and_opens_nothing(client: Client) -> None:
    guichet = factories.poc().guichet
    client.post(url("guichet_duplicate", guichet.pk), {"title": "Suite du POC", "code": "poc-2"})
    copy = Guichet.objects.get(code="poc-2")
    stage = copy.stages.get(code="candidature")
    assert (stage.opens_at, stage.closes_at) == (None, None)
    [draft] = stage.revisions.all()
    assert draft.published_at is None
    original = Stage.objects.get(guichet=guichet, code="candidature").revisions.get()
    assert catalog.describe(draft) == catalog.describe(original)
    again = client.post(url("guichet_duplicate", guichet.pk), {"title": "Encore", "code": "poc-2"})
    assert "Ce code est déjà celui d'un guichet" in said(again)
    page = said(client.get(url("dossiers_guichet_change", copy.pk)))
    assert "« Formulaire de candidature » : cette étape n'a pas de formulaire publié." in page


def test_a_file_exported_is_read_told_and_imported(client: Client) -> None:
    guichet = factories.poc().guichet
    exported = client.get(url("guichet_export", guichet.pk))
    assert exported["Content-Disposition"] == 'attachment; filename="1-poc-essms.yaml"'
    text = exported.content.decode().replace("code: poc-essms", "code: poc-bis", 1)
    told = client.post(url("guichet_import"), {"file": SimpleUploadedFile("guichet.yaml", text.encode())})
    assert "sera créé" in said(told)
    assert "Étape « Formulaire de candidature », formulaire : publié" in said(told)
    assert Guichet.objects.count() == 1
    client.post(url("guichet_import"), {"text": told.context["text"].replace("\n", "\r\n"), "confirm": "1"})
    assert catalog.export(Guichet.objects.get(code="poc-bis")) == text
    same = client.post(url("guichet_import"), {"file": SimpleUploadedFile("guichet.yaml", text.encode())})
    assert "rien ne changera" in said(same)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Ce fichier est vide"),
        (b"\xff\xfe\x00", "pas un texte en UTF-8"),
        (b"code: [", "ce n'est pas du YAML"),
        (b"- 1", "le fichier ne décrit pas un guichet"),
    ],
)
def test_a_file_that_is_wrong_is_told(client: Client, content: bytes, sentence: str) -> None:
    response = client.post(url("guichet_import"), {"file": SimpleUploadedFile("g.yaml", content)})
    assert sentence in said(response)
    assert Guichet.objects.count() == 0
