"""Files of the trame financière that are read, and every wrong one told in one sentence (F6, docs/adr/0058)."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dossiers import sheets, uploads
from dossiers.sheets import xml
from funding import expense_files
from funding.expense_files import COLUMNS, Faulty
from funding.expense_rules import Entry, Terms
from tests.dossiers import factories, samples
from tests.funding import broken_files as files
from tests.funding import expenses
from tests.funding.expenses import CELLS

TODAY = dt.date(2026, 11, 26)
TERMS = Terms({"backups": "Sauvegardes protégées et testées", "awareness": "Sensibilisation"})
ENTRY = Entry("backups", "logiciel", "Licences", Decimal("1250.50"), dt.date(2026, 6, 4), "F-12", "")


def read(content: bytes, name: str, *already: Entry) -> expense_files.Content:
    return expense_files.read(factories.upload(content, name), TERMS, already, today=TODAY)


def csv(*rows: Any, **options: Any) -> bytes:
    content: bytes = expenses.csv(*rows, **options).read()
    return content


def cells(**changes: str) -> list[str]:
    """A line of a CSV with these fields changed."""
    return [changes.get(name, cell) for name, cell in zip(COLUMNS, CELLS, strict=True)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (files.xlsx(files.LINE), "trame.xlsx"),
        (files.xlsx(files.LINE, sheet="Feuil1"), "une-seule-feuille.XLSX"),
        (files.xlsx(["04/06/2026", *files.LINE[1:4], "1 250,50 €", "F-12"]), "textes.xlsx"),
        (files.xlsx(["2026-06-04", *files.LINE[1:4], 1250.4999999999999, "F-12"]), "nombre-a-dix-sept-chiffres.xlsx"),
        (files.ods(files.BLANK_ROWS, files.ODS_LINE, files.BLANK_ROWS), "trame.ods"),
        (csv(CELLS), "point-virgule.csv"),
        (csv(CELLS).decode().encode("utf-8-sig"), "avec-bom.csv"),
        (csv(CELLS).decode().encode("cp1252"), "windows.csv"),
        (csv(CELLS).decode().encode("utf-16"), "texte-unicode.csv"),
        (csv(CELLS).decode().encode("cp850", "replace"), "ms-dos.csv"),
        (csv(CELLS).decode().encode("mac_roman"), "macintosh.csv"),
        (b"sep=;\r\n" + csv(CELLS), "separateur-dit.csv"),
        (b'"sep=|"\n' + csv(cells(amount="1250.50")).replace(b";", b"|"), "autre-separateur.csv"),
        (b"sep=,;;\r\n" + csv(cells(amount="1250.50")).replace(b";", b","), "separateur-enregistre.csv"),
        (csv(cells(amount="1250.50")).replace(b";", b","), "virgule.csv"),
        (csv(CELLS).replace(b";", b"\t"), "tabulation.csv"),
        (csv([], CELLS, ["", "", ""]), "lignes-blanches.csv"),
        (csv(cells(objective="  SAUVEGARDES protegees et testees")), "casse-et-accents.csv"),
        (csv(cells(objective="backups", nature="logiciel")), "codes.csv"),
    ],
)
def test_what_people_send_is_read(content: bytes, name: str) -> None:
    assert read(content, name).entries == [ENTRY]


def test_the_model_gives_back_the_trame_in_each_format(tmp_path: Path) -> None:
    lines = [ENTRY, ENTRY, replace(ENTRY, label="=1+1", justification="-12", nature="autre", mission_letter="0012")]
    for format in sheets.EXTENSIONS:
        path = tmp_path / f"modele.{format}"
        expense_files.write(path, format, TERMS, lines)
        assert read(path.read_bytes(), path.name, *lines).entries == lines, format


def test_a_column_of_ones_own_is_told_and_left_aside() -> None:
    content = read(csv([*CELLS, "à revoir"], headings=[*files.HEADINGS, "Commentaire"]), "trame.csv")
    assert (content.entries, content.ignored) == ([ENTRY], ["Commentaire"])


def test_lines_without_proof_or_letter_are_read_as_those_that_are_typed() -> None:
    staff = cells(nature="Ressources humaines", justification="")
    [entry] = read(csv(staff), "trame.csv").entries
    assert entry.lacks_letter
    assert not entry.justification


TOO_LONG = "Ce tableau a plus de 2 000 lignes : gardez-en moins, puis déposez-le à nouveau."
TOO_BIG = (
    "Ce classeur est trop gros une fois décompressé : gardez-y la seule feuille à importer, puis déposez-le à nouveau."
)
NOT_XLSX = (
    "Le contenu du fichier « trame.xlsx » n'est pas celui d'un classeur Excel (xlsx) : enregistrez-le à nouveau depuis "
    "son logiciel d'origine."
)
BROKEN = "Ce classeur est abîmé : ouvrez-le dans son logiciel, enregistrez-le à nouveau, puis déposez-le."
#: What cannot be read at all: the file, its name, the one sentence.
UNREADABLE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "wrong sheet": (
        files.two_sheets,
        "budget.xlsx",
        (
            "Ce classeur n'a pas de feuille « Trame financière », mais « Budget », « Suivi » : "
            "donnez ce nom à celle à importer, puis déposez-le à nouveau."
        ),
    ),
    "missing columns": (
        lambda: csv(headings=files.HEADINGS[:4]),
        "trame.csv",
        (
            "Il manque les colonnes « Montant TTC (€) », « Justificatif », « Lettre de mission » sur la "
            "première ligne de ce tableau. Reprenez les en-têtes du modèle."
        ),
    ),
    "renamed column": (
        lambda: csv(headings=[*files.HEADINGS[:4], "Prix", *files.HEADINGS[5:]]),
        "trame.csv",
        (
            "Il manque la colonne « Montant TTC (€) » sur la première ligne de ce tableau. Il a « Prix ». "
            "Reprenez les en-têtes du modèle."
        ),
    ),
    "column twice": (
        lambda: csv(headings=[*files.HEADINGS, "date"]),
        "trame.csv",
        "La colonne « Date » est deux fois dans ce tableau : n'en gardez qu'une.",
    ),
    "headings only": (
        lambda: files.xlsx(),
        "trame.xlsx",
        "Ce tableau n'a que ses en-têtes : remplissez une ligne par dépense, puis déposez-le à nouveau.",
    ),
    "nothing typed": (
        lambda: b";;;\n;;;\n",
        "trame.csv",
        "Ce tableau est vide : partez du modèle et remplissez une ligne par dépense.",
    ),
    "empty file": (
        lambda: b"",
        "trame.xlsx",
        "Le fichier « trame.xlsx » est vide : vérifiez-le et déposez-le à nouveau.",
    ),
    "too many lines": (
        lambda: files.long(2_001),
        "trame.xlsx",
        TOO_LONG,
    ),
    "one hundred thousand lines": (
        lambda: files.long(100_000),
        "trame.xlsx",
        TOO_LONG,
    ),
    "too many lines that repeat": (
        lambda: files.ods(
            files.ODS_LINE.replace("<table:table-row ", '<table:table-row table:number-rows-repeated="2001" ')
        ),
        "trame.ods",
        TOO_LONG,
    ),
    "zip bomb": (
        lambda: files.zip_bomb(64 * uploads.MEBIBYTE),
        "trame.xlsx",
        TOO_BIG,
    ),
    "larger zip bomb": (
        lambda: files.zip_bomb(600 * uploads.MEBIBYTE),
        "trame.xlsx",
        TOO_BIG,
    ),
    "entities that multiply": (
        files.xml_bomb,
        "trame.xlsx",
        (
            "Ce classeur contient une déclaration interdite (DTD) : enregistrez-le à nouveau depuis Excel ou "
            "LibreOffice, puis déposez-le."
        ),
    ),
    "password of Excel": (
        lambda: samples.ole("EncryptedPackage", "EncryptionInfo"),
        "trame.xlsx",
        "Le fichier « trame.xlsx » est protégé par un mot de passe : déposez-le sans protection.",
    ),
    "password of LibreOffice": (
        lambda: files.ods(password=True),
        "trame.ods",
        "Le fichier « trame.ods » est protégé par un mot de passe : déposez-le sans protection.",
    ),
    "macros": (
        files.with_macros,
        "trame.xlsx",
        "Le fichier « trame.xlsx » contient des macros : enregistrez-le sans macros et déposez-le à nouveau.",
    ),
    "extension of macros": (
        files.with_macros,
        "trame.xlsm",
        "Le fichier « trame.xlsm » n'est pas accepté : déposez un document xlsx, ods ou csv.",
    ),
    "old Excel": (
        lambda: samples.ole("Workbook"),
        "trame.xls",
        "Le fichier « trame.xls » n'est pas accepté : déposez un document xlsx, ods ou csv.",
    ),
    "old Excel renamed": (
        lambda: samples.ole("Workbook"),
        "trame.xlsx",
        NOT_XLSX,
    ),
    "workbook named csv": (
        lambda: files.xlsx(files.LINE),
        "trame.csv",
        (
            "Le contenu du fichier « trame.csv » n'est pas celui d'un fichier CSV : enregistrez-le à nouveau depuis "
            "son logiciel d'origine."
        ),
    ),
    "letter named xlsx": (
        factories.docx_bytes,
        "trame.xlsx",
        NOT_XLSX,
    ),
    "cut workbook": (
        lambda: files.xlsx(files.LINE)[:-400],
        "trame.xlsx",
        "Le fichier « trame.xlsx » est illisible : enregistrez-le à nouveau et déposez-le.",
    ),
    "cut sheet": (
        lambda: files.replaced(files.xlsx(files.LINE), sheet1_xml=b"<worksheet><sheetData><row><c"),
        "trame.xlsx",
        BROKEN,
    ),
    "no list of sheets": (
        lambda: files.replaced(files.xlsx(files.LINE), workbook_xml_rels=None),
        "trame.xlsx",
        BROKEN,
    ),
    "cut csv": (
        lambda: csv(cells(label='"Licences')),
        "trame.csv",
        (
            "Ce fichier CSV est coupé ou mal formé vers la ligne 2 : enregistrez-le à nouveau depuis votre "
            "tableur, puis déposez-le."
        ),
    ),
    "cell too long": (
        lambda: csv(CELLS, cells(label="L" * 20_001)),
        "trame.csv",
        (
            "Ce fichier CSV a plus de 20 000 caractères dans une cellule, vers la ligne 3 : raccourcissez-la, ou "
            "fermez le guillemet ouvert au-dessus d'elle, puis déposez-le à nouveau."
        ),
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(case: str) -> None:
    make, name, sentence = UNREADABLE[case]
    content = make()
    started = time.thread_time()
    with pytest.raises((uploads.Invalid, sheets.Unreadable)) as refusal:
        read(content, name)
    assert plain(str(refusal.value)) == sentence
    assert time.thread_time() - started < 4


def plain(text: str) -> str:
    """Spaces made ordinary: neighbours write some of these sentences with one kind, some with another."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


NO_DAY = "Écrivez la date sous la forme JJ/MM/AAAA, par exemple 04/06/2026."
NO_AMOUNT = "Écrivez le montant en chiffres, par exemple 1250,50."
#: What is wrong in a cell: the line, the column, what it holds, the sentence.
FAULTS: dict[str, tuple[bytes, str, tuple[int, str, str, str]]] = {
    "formula": (
        files.xlsx([*files.LINE[:4], "=SUM(1,2)", "F-12"]),
        "trame.xlsx",
        (2, "Montant TTC (€)", "", "Cette cellule contient une formule : remplacez-la par sa valeur."),
    ),
    "formula of LibreOffice": (
        files.ods(files.ODS_LINE.replace('office:value="', 'table:formula="of:=1" office:value="')),
        "trame.ods",
        (2, "Montant TTC (€)", "1250,5", "Cette cellule contient une formule : remplacez-la par sa valeur."),
    ),
    "merged": (
        files.xlsx(files.LINE, change=lambda sheet: sheet.merge_cells("C2:C3")),
        "trame.xlsx",
        (
            2,
            "Nature",
            "Logiciel ou abonnement",
            "Cette cellule est fusionnée avec d'autres : défusionnez-les et remplissez chaque ligne.",
        ),
    ),
    "merged in LibreOffice": (
        files.ods(
            files.ODS_LINE.replace(
                "<table:table-cell ><text:p>F", '<table:table-cell table:number-rows-spanned="2"><text:p>F'
            )
        ),
        "trame.ods",
        (
            2,
            "Justificatif",
            "F-12",
            "Cette cellule est fusionnée avec d'autres : défusionnez-les et remplissez chaque ligne.",
        ),
    ),
    "date in words": (csv(cells(spent_on="juin 2026")), "trame.csv", (2, "Date", "juin 2026", NO_DAY)),
    "year only": (files.xlsx([2026, *files.LINE[1:]]), "trame.xlsx", (2, "Date", "2026", NO_DAY)),
    "no date": (csv(cells(spent_on="")), "trame.csv", (2, "Date", "", NO_DAY)),
    "impossible date": (
        csv(CELLS, cells(spent_on="31/02/2026")),
        "trame.csv",
        (3, "Date", "31/02/2026", "Cette date n'existe pas : vérifiez le jour et le mois."),
    ),
    "date to come": (
        csv(cells(spent_on="27/11/2026")),
        "trame.csv",
        (2, "Date", "27/11/2026", "Cette date est à venir : la trame retrace les dépenses déjà faites."),
    ),
    "date before": (
        csv(cells(spent_on="31/12/2019")),
        "trame.csv",
        (2, "Date", "31/12/2019", "Seules comptent les dépenses faites à partir du 1er janvier 2020."),
    ),
    "amount in words": (
        csv(cells(amount="environ 100")),
        "trame.csv",
        (2, "Montant TTC (€)", "environ 100", NO_AMOUNT),
    ),
    "amount of two separators": (
        csv(cells(amount="1.250,50")),
        "trame.csv",
        (2, "Montant TTC (€)", "1.250,50", NO_AMOUNT),
    ),
    "negative amount": (
        csv(cells(amount="-12 €")),
        "trame.csv",
        (2, "Montant TTC (€)", "-12 €", "Saisissez un montant supérieur à zéro, par exemple 1250,50."),
    ),
    "thousandths": (
        files.xlsx([*files.LINE[:4], 12.345]),
        "trame.xlsx",
        (2, "Montant TTC (€)", "12,345", "Saisissez un montant au centime près, par exemple 1250,50."),
    ),
    "huge amount": (
        csv(cells(amount="99999999999")),
        "trame.csv",
        (2, "Montant TTC (€)", "99999999999", "Ce montant est trop grand : vérifiez-le, par exemple 1250,50."),
    ),
    "unknown objective": (
        csv(cells(objective="Sauvegardes")),
        "trame.csv",
        (
            2,
            "Objectif",
            "Sauvegardes",
            (
                "Cet objectif n'est pas de votre parcours : écrivez « Sauvegardes protégées et testées » ou "
                "« Sensibilisation »."
            ),
        ),
    ),
    "unknown nature": (
        csv(cells(nature="Cadeau")),
        "trame.csv",
        (
            2,
            "Nature",
            "Cadeau",
            (
                "Cette nature n'existe pas : écrivez « Ressources humaines », « Prestation », « Matériel », "
                "« Logiciel ou abonnement », « Formation » ou « Autre »."
            ),
        ),
    ),
    "no label": (
        csv(cells(label="")),
        "trame.csv",
        (2, "Libellé", "", "Dites ce qui a été payé, par exemple « Licences de sauvegarde »."),
    ),
    "long label": (
        csv(cells(label="x" * 201)),
        "trame.csv",
        (2, "Libellé", "x" * 201, "Ce texte dépasse 200 caractères : raccourcissez-le."),
    ),
    "twice the same": (
        csv(CELLS, cells(label="Autre"), CELLS),
        "trame.csv",
        (
            4,
            "Libellé",
            "Licences",
            "Cette dépense est déjà à la ligne 2 : supprimez l'une des deux, ou distinguez-les par leur libellé.",
        ),
    ),
    "error of calculation": (
        files.xlsx(files.LINE, change=lambda sheet: setattr(sheet["E2"], "value", "#REF!")),
        "trame.xlsx",
        (2, "Montant TTC (€)", "#REF!", "Cette cellule affiche une erreur de calcul : remplacez-la par sa valeur."),
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_wrong_cell_is_told_with_its_line_its_column_and_its_text(case: str) -> None:
    content, name, (row, column, text, reason) = FAULTS[case]
    with pytest.raises(Faulty) as refusal:
        read(content, name)
    assert [(each.row, each.column, each.text, plain(each.reason)) for each in refusal.value.faults] == [
        (row, column, text, reason)
    ]


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    wrong = cells(spent_on="hier", amount="?", nature="")
    with pytest.raises(Faulty) as refusal:
        read(csv(CELLS, wrong, CELLS), "trame.csv")
    said = [(each.row, each.column) for each in refusal.value.faults]
    assert said == [(3, "Date"), (3, "Nature"), (3, "Montant TTC (€)"), (4, "Libellé")]


def test_reading_holds_little_in_memory_and_gives_up_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    content = files.long(100_000)
    tracemalloc.start()
    with pytest.raises(sheets.Unreadable):
        read(content, "trame.xlsx")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 * uploads.MEBIBYTE
    monkeypatch.setattr(xml.Budget, "__init__", lambda self: setattr(self, "end", 0.0))
    with pytest.raises(sheets.Unreadable, match="trop gros"):
        read(files.xlsx(files.LINE), "trame.xlsx")
