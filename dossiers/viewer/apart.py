"""A program run by itself, one page at a time: it draws a page of the PDF on its standard input (see `drawing`).

Once its library is loaded, and before a byte of the document is read, it gives up everything but computing, reading
what is already open and writing its answer: no file, no network, no process, no signal (seccomp), and little memory,
time and output (rlimits). Whoever took it over through a hole of PDFium would hold one document, already his.

Arguments: page, width and greatest height in pixels; bytes of memory, seconds of processor, bytes of output. Answer:
one line of JSON, then the pixels, rows of three bytes blue, green, red. It imports nothing of the portal.
"""

from __future__ import annotations

import ctypes
import encodings.utf_16_le  # what PDFium writes text in: no module can be read any more when it comes  # noqa: F401
import json
import math
import mmap
import os
import platform
import resource
import sys
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | 1  # EPERM
KILL = 0x80000000
LOAD_ARCHITECTURE = (0x20, 0, 0, 4)
LOAD_CALL = (0x20, 0, 0, 0)
#: By machine: its name for the kernel, and the numbers of read, write, lseek, close, mmap, munmap, mprotect, mremap,
#: madvise, brk, futex, sched_yield, clock_gettime, gettimeofday, getrandom, getpid, gettid, rt_sigaction,
#: rt_sigprocmask, rt_sigreturn, exit, exit_group.
CALLS = {
    "x86_64": (
        0xC000003E,
        (0, 1, 8, 3, 9, 11, 10, 25, 28, 12, 202, 24, 228, 96, 318, 39, 186, 13, 14, 15, 60, 231),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 62, 57, 222, 215, 226, 216, 233, 214, 98, 124, 113, 169, 278, 172, 178, 134, 135, 139, 93, 94),
    ),
}
#: The status of this program where it cannot give up its rights: it reads nothing then.
CLOSED = 77
#: What a page says beyond that is not read aloud by anybody.
LONGEST_TEXT = 50_000
#: In points; PDFium takes any number, infinite ones too.
SMALLEST_SIDE = 1.0


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction))]


def give_up(memory: int, seconds: int, output: int) -> None:
    """Keep nothing but the calls of `CALLS`, and so much of everything. Raises OSError, KeyError: nothing is drawn
    where that cannot be had."""
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (value, value))
    architecture, calls = CALLS[platform.machine()]
    lines = [LOAD_ARCHITECTURE, (0x15, 1, 0, architecture), (0x06, 0, 0, KILL), LOAD_CALL]
    for call in calls:
        lines += [(0x15, 0, 1, call), (0x06, 0, 0, ALLOW)]
    lines.append((0x06, 0, 0, REFUSE))
    instructions = (Instruction * len(lines))(*(Instruction(*line) for line in lines))
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(lines), instructions)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


def drawn(content: Any, asked: int, width: int, tallest: int) -> tuple[dict[str, Any], bytes]:
    """What is said of the page, and its pixels."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return {"why": "password" if error.err_code == pdfium.FPDF_ERR_PASSWORD else "broken"}, b""
    try:
        document.init_forms()  # what was typed in the fields of a form shows
        pages = len(document)
        number = min(max(asked, 1), pages)
        page = document[number - 1]
        wide, tall = (side if math.isfinite(side) else SMALLEST_SIDE for side in page.get_size())
        scale = min(width / max(wide, SMALLEST_SIDE), tallest / max(tall, SMALLEST_SIDE))
        bitmap = pypdfium2.PdfBitmap.new_native(
            max(math.floor(wide * scale), 1), max(math.floor(tall * scale), 1), pdfium.FPDFBitmap_BGR
        )
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, bitmap.width, bitmap.height)
        place = (bitmap, page, 0, 0, bitmap.width, bitmap.height, 0, pdfium.FPDF_ANNOT)
        pdfium.FPDF_RenderPageBitmap(*place)
        if page.formenv:
            pdfium.FPDF_FFLDraw(page.formenv, *place)
        text = page.get_textpage().get_text_bounded()[:LONGEST_TEXT]
    except pypdfium2.PdfiumError:
        return {"why": "broken"}, b""
    said = {"page": number, "pages": pages, "width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride}
    return said | {"text": text}, bytes(bitmap.buffer)


def main() -> None:
    page, width, tallest, memory, seconds, output = (int(each) for each in sys.argv[1:])
    size = os.fstat(0).st_size
    # Private and writable, so that ctypes takes it: nothing is copied, nothing is written back.
    held = mmap.mmap(0, size, access=mmap.ACCESS_COPY)
    content = (ctypes.c_char * size).from_buffer(held)
    pypdfium2.PdfDocument.new().close()  # the library is loaded and started
    try:
        give_up(memory, seconds, output)
    except (KeyError, OSError, ValueError):
        os._exit(CLOSED)
    said, pixels = drawn(content, page, width, tallest)
    answer = json.dumps(said).encode() + b"\n"
    for piece in (answer, pixels):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(1, rest) :]
    os._exit(0)


if __name__ == "__main__":
    main()
