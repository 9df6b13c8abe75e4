"""E1: whatever file it is given, an import keeps within its memory, says what is wrong with it and writes nothing."""

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from establishments import workflow
from establishments.importing import bounds
from establishments.models import GeographicEntity, HospitalGroup, LegalEntity
from tests.establishments import extracts
from tests.establishments.extracts import csv_site, plus, plus_entity, plus_site
from tests.establishments.factories import finess_number

pytestmark = pytest.mark.django_db

EJ, EG, OTHER_EG = finess_number(990_025, "01"), finess_number(101, "01"), finess_number(102, "01")
MEGABYTE = 1 << 20
MOST_GROWN = 200 * MEGABYTE
Write = Callable[..., Path]

DEEP = 100_000
NUMBER = b"1" * 5000
TOO_DEEP = "n'est pas un fichier FINESS+ (plus de 32 niveaux s'y emboîtent)"
TOO_LONG = "n'est pas un fichier FINESS+ (une valeur y dépasse 256\u00a0Ko)"
TOO_LARGE = "n'est pas un fichier FINESS+ (un seul élément y dépasse 32\u00a0Mo)"
UNFOLDED = "cette archive se décompresse en plus de 200 fois sa taille"
ENDLESS = "la ligne 2 a plus de 65\u202f536 caractères"


def before(value: bytes) -> bytes:
    """A FINESS+ file that says this, then its entities."""
    return b'{"schemaVersion": "v1.0.0", "other": ' + value + b', "pmej": []}'


def inside(value: bytes) -> bytes:
    """A FINESS+ file of which an entity says this."""
    return plus(plus_entity(EJ))[:-3] + b', "other": ' + value + b"}]}"


def bomb(start: bytes, repeated: bytes, size: int = 10 << 30) -> bytes:
    """An archive that unfolds into this start, then these bytes over and over, for that many bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush, a piece owes nothing to what comes before: the same one serves as many times as wanted.
    piece = repeated * (MEGABYTE // len(repeated))
    folded = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + folded * (size // len(piece)) + packer.flush()


def endless(path: Path, start: bytes) -> Path:
    """A file of a gigabyte, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(1 << 30)
    return path


def test_files_that_no_memory_would_hold_are_refused_within_it(write: Write, tmp_path: Path) -> None:
    """In a process of its own: some of these killed it, and the parser of JSON with it."""
    header, line = f"{extracts.HEADER}\n".encode(), b"structureet;1;2\n"
    cases = {
        "number before": (before(NUMBER), "ce JSON porte un nombre démesuré"),
        "number inside": (inside(NUMBER), "ce JSON porte un nombre démesuré"),
        "lists before": (before(b"[" * DEEP + b"]" * DEEP), TOO_DEEP),
        "lists inside": (inside(b"[" * DEEP + b"]" * DEEP), TOO_DEEP),
        "maps before": (before(b'{"a":' * DEEP + b"1" + b"}" * DEEP), TOO_DEEP),
        "maps inside": (inside(b'{"a":' * DEEP + b"1" + b"}" * DEEP), TOO_DEEP),
        "text before": (before(b'"' + b"a" * 20 * MEGABYTE + b'"'), TOO_LONG),
        "text inside": (inside(b'"' + b"a" * 20 * MEGABYTE + b'"'), TOO_LONG),
        "element inside": (inside(b"[" + b'"a",' * 20 * MEGABYTE + b"0]"), TOO_LARGE),
        "archive of zeros": (bomb(b"", b"\0"), "la ligne 1 a plus de 65\u202f536 caractères"),
        "archive of zeros behind a header": (bomb(header, b"\0"), ENDLESS),
        "archive of lines": (bomb(header, line), UNFOLDED),
        "archive of spaces": (bomb(b"{", b" "), TOO_LONG),
        "archive of elements": (bomb(plus()[:-2], b'{"other":[' + b'"a",' * 1000 + b"0]},"), UNFOLDED),
    }
    paths = [write(name, content=content) for name, (content, _) in cases.items()]
    paths.append(endless(tmp_path / "line", header))
    expected = {name: said for name, (_, said) in cases.items()} | {"line": ENDLESS}
    good = write("good.json", content=plus(plus_entity(EJ, plus_site(EG))))
    done = subprocess.run(
        [sys.executable, "-m", "tests.establishments.bounded", str(connection.settings_dict["NAME"]), good, *paths],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=240,
    )
    told = {line["file"]: line for line in map(json.loads, done.stdout.splitlines())}
    refusals = {name: told.get(name, {}).get("refusal", "") for name in expected}
    assert {name: refusals[name] for name, said in expected.items() if said not in refusals[name]} == {}
    assert done.returncode == 0
    assert {name: line["grown"] // MEGABYTE for name, line in told.items() if line["grown"] > MOST_GROWN} == {}
    assert all(line["same"] for line in told.values())


@pytest.mark.usefixtures("nomenclature")
@pytest.mark.parametrize("pieces", [1, 7, 65536])
def test_what_stands_in_texts_is_no_structure(pieces: int) -> None:
    """Brackets, quotation marks and backslashes of a name, wherever the file is cut as it is read."""
    names = ['[{"[{' * 40, "]}\\" * 40, '\\"[', "\\\\", '""', "[]", "", "é\n[\t"]
    content = plus(*(plus_entity(EJ, plus_site(EG, name=name)) for name in names * 3))

    class Cut:
        left = content

        def read(self, _size: int) -> bytes:
            piece, self.left = self.left[:pieces], self.left[pieces:]
            return piece

    structure = bounds.Structure(Cut(), "f.json")
    assert b"".join(iter(lambda: structure.read(65536), b"")) == content


@pytest.mark.usefixtures("nomenclature")
def test_what_an_extract_may_hold_is_read(write: Write) -> None:
    """An entity of as many sites as the largest, an archive folded a lot, identifiers that are written as numbers."""
    sites = [plus_site(finess_number(n, "01"), name="[" * 50) for n in range(1_100)]
    group = extracts.group("7", (EJ, "S")) | {"gccId": 123_456_789_012_345_678, "numFinessGcc": "00049824516535"}
    content = plus(plus_entity(EJ, *sites), groups=(group,))
    run = workflow.import_extracts([write("f.json.gz", content=gzip.compress(content))])
    assert (run.created, run.rejected) == (1_102, 0)
    found = HospitalGroup.objects.get()
    assert (found.code, found.number) == ("123456789012345678", "00049824516535")


@pytest.mark.usefixtures("nomenclature")
def test_line_without_end_is_refused_with_its_number(write: Write) -> None:
    path = write("et.csv", extracts.HEADER, csv_site(EG, EJ), csv_site(OTHER_EG, EJ, "X" * 70_000))
    with pytest.raises(workflow.Refused, match=r"et\.csv\u00a0: la ligne 3 a plus de 65\u202f536 caractères"):
        workflow.import_extracts([path])
    assert not LegalEntity.objects.exists()


@pytest.mark.usefixtures("nomenclature")
def test_quotation_marks_that_hold_all_the_lines_together_spoil_their_own(write: Write) -> None:
    spoilt = ['";"'] * 1_500
    sites = [csv_site(finess_number(n, "01"), EJ) for n in range(1_600)]
    run = workflow.import_extracts([write("et.csv", extracts.HEADER, sites[0], *spoilt, *sites[1:])])
    assert (run.rejected, GeographicEntity.objects.count()) == (1_500, 1_600)


@pytest.mark.usefixtures("nomenclature")
def test_reason_that_quotes_a_row_is_kept_short_and_without_what_the_database_refuses(write: Write) -> None:
    wrong = plus_entity(finess_number(1, "01")) | {"etatObjet": "\0" + "A" * 10_000}
    run = workflow.import_extracts([write("f.json", content=plus(wrong, plus_entity(EJ, plus_site(EG))))])
    assert run.rejected == 1
    assert run.rejections[0]["reason"].startswith("état «\u0020AAAA")
    assert len(run.rejections[0]["reason"]) < 310


@pytest.mark.usefixtures("nomenclature")
def test_damaged_archive_of_json_is_refused(write: Write) -> None:
    content = bytearray(gzip.compress(plus(*(plus_entity(finess_number(n, "01")) for n in range(2_000)))))
    content[len(content) // 2 :] = b"\xff" * (len(content) // 2)
    with pytest.raises(workflow.Refused, match="ce JSON est incomplet ou abîmé"):
        workflow.import_extracts([write("f.json.gz", content=bytes(content))])
