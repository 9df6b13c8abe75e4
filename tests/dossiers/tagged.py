"""What PDF/UA-1 (ISO 14289-1) asks that a machine can see, read in the file itself: no validator is at hand."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pikepdf

#: What may stand directly in a list or a table (ISO 32000-1, 14.8.4.3).
CHILDREN = {
    "/L": {"/LI", "/L", "/Caption"},
    "/LI": {"/Lbl", "/LBody"},
    "/Table": {"/TR", "/THead", "/TBody", "/TFoot", "/Caption"},
    "/THead": {"/TR"},
    "/TBody": {"/TR"},
    "/TFoot": {"/TR"},
    "/TR": {"/TH", "/TD"},
}
DRAWS = {"Tj", "TJ", "'", '"', "Do", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "BI"}


def flaws(content: bytes) -> list[str]:
    """Why the document is not PDF/UA-1; nothing when nothing was found."""
    with pikepdf.open(io.BytesIO(content)) as document:
        elements = list(structure(document))
        return [
            *flaws_of_document(document),
            *flaws_of_headings([str(each.S) for each in elements]),
            *(flaw for each in elements for flaw in flaws_of_element(each)),
            *flaws_of_pages(document, elements),
        ]


def structure(document: pikepdf.Pdf) -> Iterator[Any]:
    """The elements of the structure tree, in reading order."""
    return below(document.Root.StructTreeRoot)


def below(node: Any) -> Iterator[Any]:
    for kid in kids(node):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from below(kid)


def kids(node: Any) -> list[Any]:
    found = node.get("/K", [])
    return list(found) if isinstance(found, pikepdf.Array) else [found]


def flaws_of_document(document: pikepdf.Pdf) -> Iterator[str]:
    root = document.Root
    if not root.get("/MarkInfo", {}).get("/Marked"):
        yield "not marked as tagged"
    if str(root.get("/Lang", "")) != "fr":
        yield "no language"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "the title is not displayed"
    with document.open_metadata() as metadata:
        if metadata.get("pdfuaid:part") != "1":
            yield "does not declare itself"
        if not metadata.get("dc:title"):
            yield "no title"
    for page in document.pages:
        for name, font in page.Resources.get("/Font", {}).items():
            below_it = font.get("/DescendantFonts", [font])[0]
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(below_it.FontDescriptor.keys()):
                yield f"font {name} is not embedded"
            if "/ToUnicode" not in font:
                yield f"font {name} says no character"
        if page.get("/Tabs") != "/S" and "/Annots" in page:
            yield "annotations without order"


def flaws_of_headings(tags: list[str]) -> Iterator[str]:
    levels = [int(tag[2]) for tag in tags if re.fullmatch(r"/H[1-6]", tag)]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield f"levels of headings: {levels[:5]}"
    for before, after in pairwise(levels):
        if after - before > 1:
            yield f"a heading of level {after} under one of level {before}"


def flaws_of_element(element: Any) -> Iterator[str]:
    tag = str(element.S)
    types = {str(kid.S) for kid in kids(element) if isinstance(kid, pikepdf.Dictionary) and "/S" in kid}
    if not types <= CHILDREN.get(tag, types):
        yield f"{tag} holds {types}"
    if tag == "/Table":
        # Scope would do as well; WeasyPrint names to each cell its headers (7.5).
        known = {bytes(each.ID) for each in below(element) if str(each.S) == "/TH" and "/ID" in each}
        for cell in below(element):
            if str(cell.S) == "/TD" and not {bytes(each) for each in headers_of(cell)} & known:
                yield "a cell that knows no header of its table"
    if tag == "/Figure" and not str(element.get("/Alt", "")).strip():
        yield "a figure without alternative"


def headers_of(cell: Any) -> list[Any]:
    said = cell.get("/A", {})
    return [each for part in (said if isinstance(said, pikepdf.Array) else [said]) for each in part.get("/Headers", [])]


def flaws_of_pages(document: pikepdf.Pdf, elements: list[Any]) -> Iterator[str]:
    """Whatever is drawn is either in the tree or an artifact, and the tree names nothing that is not drawn."""
    named = defaultdict(set)
    for element in elements:
        for kid in kids(element):
            if isinstance(kid, int):
                named[element.Pg.objgen].add(kid)
            elif isinstance(kid, pikepdf.Dictionary) and "/MCID" in kid:
                named[kid.get("/Pg", element.get("/Pg")).objgen].add(int(kid.MCID))
    for number, page in enumerate(document.pages, start=1):
        drawn, marks = set(), []
        for operands, operator in pikepdf.parse_content_stream(page):
            match str(operator):
                case "BDC" | "BMC":
                    mark = operands[1].get("/MCID") if len(operands) > 1 and "/MCID" in operands[1] else None
                    marks.append(None if mark is None else int(mark))
                    if mark is not None:
                        drawn.add(int(mark))
                case "EMC":
                    marks.pop()
                case name if name in DRAWS and not marks:
                    yield f"page {number}: {name} outside of marked content"
        if drawn != named[page.obj.objgen]:
            yield f"page {number}: {sorted(drawn ^ named[page.obj.objgen])} drawn or named alone"
