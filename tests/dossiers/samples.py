"""Files as their software makes them, and the same made to deceive."""

from __future__ import annotations

import io
import itertools
import struct
import zipfile

import pikepdf

from tests.dossiers import factories

SECTOR = 512
NOWHERE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes], stored: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as target:
        for entry, content in entries:
            target.writestr(entry, content)
    return buffer.getvalue()


def streamed_archive(*entries: tuple[str, bytes]) -> bytes:
    """As macOS and Google Drive make them: sizes are told after each content, and not in its header."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.content = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: bytes) -> int:  # type: ignore[override]
            self.content += piece
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries:
            target.writestr(name, content)
    return bytes(pipe.content)


def docx_with(name: str, content: bytes) -> bytes:
    """The shipped docx, which Word made, with one part more."""
    with zipfile.ZipFile(io.BytesIO(factories.docx_bytes())) as source:
        return archive(*[(each, source.read(each)) for each in source.namelist()], (name, content))


def docx(*, main: str = "word/document.xml", first: str = "[Content_Types].xml") -> bytes:
    """A docx with its parts in the order, and its main part under the name, that other software gives."""
    override = (
        f'<Types><Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>'
    )
    parts = {"[Content_Types].xml": override.encode(), "_rels/.rels": b"<Relationships/>", main: b"<w:document/>"}
    return archive(*sorted(parts.items(), key=lambda part: part[0] != first))


def ole(*paths: str, header: int = 0) -> bytes:
    """An OLE file with these streams, of 4 Kio each; a path with a slash stands in a storage. `header` is what the
    flags of a Word document say."""
    entries = [("Root Entry", ROOT, END, 0)]
    children: dict[int, list[int]] = {0: []}
    storages: dict[str, int] = {}
    content = b""
    for path in paths:
        *above, name = path.split("/")
        parent = 0
        for storage in above:
            if storage not in storages:
                storages[storage] = len(entries)
                children[parent].append(len(entries))
                children[len(entries)] = []
                entries.append((storage, STORAGE, 0, 0))
            parent = storages[storage]
        children[parent].append(len(entries))
        entries.append((name, STREAM, len(content) // SECTOR, 4096))
        stream = struct.pack("<10xH", header).ljust(4096, b"\0")
        content += stream
    chains = [sector + 1 if (sector + 1) % 8 else END for sector in range(len(content) // SECTOR)]
    right = {one: other for each in children.values() for one, other in itertools.pairwise(each)}
    directory = b""
    for number, (name, kind, start, size) in enumerate(entries):
        written = (name + "\0").encode("utf-16-le")
        below = children.get(number) or [NOWHERE]
        directory += written.ljust(64, b"\0") + struct.pack(
            "<HBB3L36xLQ", len(written), kind, 1, NOWHERE, right.get(number, NOWHERE), below[0], start, size
        )
    directory = directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0")
    first = len(chains)
    count = len(directory) // SECTOR
    table = [*chains, *[first + place + 1 for place in range(count - 1)], END, TABLE]
    assert len(table) <= 128, "one sector describes it"
    head = bytes.fromhex("d0cf11e0a1b11ae1") + struct.pack(
        "<16x5H6x9L", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, first, 0, 4096, END, 0, END, 0
    )
    head += struct.pack("<L", first + count) + struct.pack("<L", NOWHERE) * 108
    return head + content + directory + struct.pack(f"<{len(table)}L", *table).ljust(SECTOR, b"\xff")


def pdf(*, password: str = "", owner: str = "", action: str = "") -> bytes:
    """A scan of one page: an image and nothing else."""
    document = pikepdf.new()
    image = pikepdf.Stream(document, bytes(300), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
    image.Width, image.Height, image.ColorSpace, image.BitsPerComponent = 10, 10, pikepdf.Name.DeviceRGB, 8
    document.add_blank_page(page_size=(595, 842)).add_resource(image, pikepdf.Name.XObject)
    if action:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name(f"/{action}"), F="cmd.exe", JS="app.alert(1)")
    buffer = io.BytesIO()
    protection = pikepdf.Encryption(user=password, owner=owner or password) if password or owner else False
    document.save(buffer, encryption=protection)
    return buffer.getvalue()
