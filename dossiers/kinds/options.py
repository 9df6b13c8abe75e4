"""What administrators set on a question beside its words: each kind gives its form, never JSON (G4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from dossiers import uploads
from dossiers.kinds.grid import Rows, is_blank
from ecare import forms as care_forms

Options = dict[str, Any]


@dataclass(frozen=True)
class Cited:
    """A number that an earlier answer tells, as `<question>:<fact>`."""

    key: str
    label: str


class OptionsForm(care_forms.Form):
    """The options of a question. Its fields are named as the options they edit, unless a subclass says otherwise.

    `numbers` are what earlier answers tell (see `dossiers.kinds.numbers_told`), `axes` those of the revision, as
    (code, label): the few options that cite them choose among these.
    """

    #: Every option that the kind knows; another one is a flaw.
    keys: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, *args: Any, numbers: Sequence[Cited] = (), axes: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        self.numbers, self.axes = numbers, axes
        super().__init__(*args, **kwargs)

    @classmethod
    def initial_from(cls, options: Options) -> dict[str, Any]:
        """What the form shows of stored options."""
        return {key: options[key] for key in cls.base_fields if key in options}

    def to_options(self) -> Options:
        """The options that a valid form means: what is left blank takes the kind's default."""
        given = {name: self.cleaned_data.get(name) for name in type(self).base_fields}
        return {name: plain(value) for name, value in given.items() if not is_blank(value)}

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        """What is wrong in options that a file or this form gives."""
        if not isinstance(options, Mapping):
            yield "les options sont une liste de propriétés"
            return
        for key in sorted(str(key) for key in options.keys() - cls.keys):
            yield f"option inconnue, « {key} »"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            for flaw in self.flaws(self.to_options()):
                self.add_error(None, f"{flaw[0].upper()}{flaw[1:]}.")
        return cleaned

    @property
    def tables(self) -> list[Rows]:
        """The fields that stand in tables; `singles` are the others."""
        return []

    @property
    def singles(self) -> list[forms.BoundField]:
        tabled = {field.name for table in self.tables for row in table.rows for field in row}
        return [self[name] for name in self.fields if name not in tabled]


def plain(value: Any) -> Any:
    """A number as JSON and YAML write it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) != float("inf")


def whole(options: Mapping[str, Any], key: str, *, least: int = 1, most: int | None = None) -> bool:
    """Whether an option is left to its default, or is a whole number within bounds."""
    value = options.get(key, least)
    return isinstance(value, int) and not isinstance(value, bool) and least <= value and (most is None or value <= most)


class SlotOptions(OptionsForm):
    """The rule of a slot for files: see `dossiers.uploads.rules` for what a blank means."""

    keys = frozenset({"files", "expected"})
    files_keys: ClassVar[frozenset[str]] = frozenset({"extensions", "max_files", "max_megabytes"})

    extensions = forms.MultipleChoiceField(
        label="Formats autorisés",
        choices=[(each, each) for each in uploads.MIME_TYPES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Rien de coché : doc, docx, pdf et zip.",
    )
    max_files = forms.IntegerField(
        label="Nombre de fichiers au maximum", required=False, min_value=1, max_value=100, help_text="Vide : 10."
    )
    max_megabytes = forms.IntegerField(
        label="Taille maximale d'un fichier, en Mo", required=False, min_value=1, max_value=50, help_text="Vide : 50."
    )
    expected = forms.ChoiceField(
        label="Nombre de documents attendus",
        required=False,
        help_text="La page l'annonce d'après une réponse donnée plus haut ; il ne bloque pas la transmission.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = {each.key: each.label for each in self.numbers}
        if stored := self.initial.get("expected"):
            told.setdefault(stored, stored)
        self.fields["expected"].choices = [("", "Non précisé"), *told.items()]  # type: ignore[attr-defined]

    @classmethod
    def initial_from(cls, options: Options) -> dict[str, Any]:
        expected = options.get("expected")
        return {
            **options.get("files", {}),
            **({"expected": f"{expected['question']}:{expected['fact']}"} if expected else {}),
        }

    def to_options(self) -> Options:
        given = super().to_options()
        files = {key: given[key] for key in ("extensions", "max_files", "max_megabytes") if key in given}
        question, _, fact = given.get("expected", "").partition(":")
        return {
            **({"files": files} if files else {}),
            **({"expected": {"question": question, "fact": fact}} if question else {}),
        }

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        if not isinstance(options, Mapping):
            return
        files = options.get("files", {})
        if not isinstance(files, Mapping):
            yield "les règles d'un espace sont une liste de propriétés"
            return
        for key in sorted(str(key) for key in files.keys() - cls.files_keys):
            yield f"règle d'espace inconnue, « {key} »"
        extensions = files.get("extensions", [])
        if not isinstance(extensions, list):
            yield "les extensions d'un espace sont une liste"
        else:
            for each in extensions:
                if each not in uploads.MIME_TYPES:
                    yield f"extension inconnue, « {each} »"
        if not (whole(files, "max_files") and whole(files, "max_megabytes")):
            yield "un espace accepte au moins un fichier, d'au moins 1 Mo"
        expected = options.get("expected")
        if expected is not None and (not isinstance(expected, Mapping) or expected.keys() != {"question", "fact"}):
            yield "les documents attendus citent une question et ce qu'elle dit : « question » et « fact »"
