"""The spreadsheet that somebody brings: expenses, or payments made (F6, F7). It validates, and never saves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from ecare import forms as care_forms
from funding import cells


class ImportForm(care_forms.Form):
    """`label` says whose file it is, `columns` where its columns come from. An empty file is told by the check of
    files, with its name."""

    file = forms.FileField(
        label="Fichier", allow_empty_file=True, widget=forms.FileInput(attrs={"accept": cells.RULES.accept})
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        label: str,
        columns: str,
    ) -> None:
        super().__init__(data, files, use_required_attribute=False)
        field = self.fields["file"]
        field.label = label
        field.help_text = f"Excel (xlsx), LibreOffice (ods) ou CSV, moins de 5\u00a0Mo, avec les colonnes {columns}."
        field.error_messages["required"] = "Choisissez le fichier à importer, au format xlsx, ods ou csv."
