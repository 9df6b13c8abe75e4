"""PDFs that somebody might make to hurt whoever draws them."""

from __future__ import annotations

import io
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream


def saved(document: pikepdf.Pdf) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def of_pages(count: int, *, size: tuple[float, float] = (595, 842)) -> bytes:
    """Blank pages but for their number, in Helvetica, which the file does not hold."""
    document = pikepdf.new()
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    for number in range(1, count + 1):
        page = document.add_blank_page()
        page.MediaBox = Array([0, 0, *size])
        page.Contents = Stream(document, f"BT /F 40 Tf 60 700 Td (Feuille {number}) Tj ET".encode())
        page.Resources = Dictionary(Font=Dictionary(F=font))
    return saved(document)


def of_ten_thousand_pages() -> bytes:
    """The same page, ten thousand times."""
    document = pikepdf.new()
    page = document.make_indirect(
        Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 595, 842]), Resources=Dictionary(), Parent=document.Root.Pages)
    )
    document.Root.Pages.Kids = Array([page] * 10_000)
    document.Root.Pages.Count = 10_000
    return saved(document)


def with_an_image_of(side: int) -> bytes:
    """An image of that many pixels each way, three bytes each, which takes a thousandth of it in the file."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = deflate.compress(bytes(1024 * 1024)) + deflate.flush(zlib.Z_FULL_FLUSH)  # stands by itself
    content = b"\x78\xda" + mebibyte * (side * side * 3 // (1024 * 1024) + 1) + b"\x03\x00"
    document = pikepdf.new()
    image = Stream(document, content, Type=Name.XObject, Subtype=Name.Image, Filter=Name.FlateDecode)
    image.Width, image.Height, image.ColorSpace, image.BitsPerComponent = side, side, Name.DeviceRGB, 8
    page = document.add_blank_page(page_size=(595, 842))
    name = page.add_resource(image, Name.XObject)
    page.Contents = Stream(document, f"595 0 0 842 0 0 cm {name} Do".encode())
    return saved(document)


def without_end() -> bytes:
    """Drawings made of ten drawings each, twelve deep: years of work."""
    document = pikepdf.new()
    inner = Stream(document, b"0 0 500 500 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]))
    for _ in range(12):
        inner = Stream(
            document,
            b"/X Do " * 10,
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 595, 842]),
            Resources=Dictionary(XObject=Dictionary(X=document.make_indirect(inner))),
        )
    page = document.add_blank_page(page_size=(595, 842))
    page.Resources = Dictionary(XObject=Dictionary(X=document.make_indirect(inner)))
    page.Contents = Stream(document, b"/X Do")
    return saved(document)
