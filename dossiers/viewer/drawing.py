"""Having a page drawn by the program `apart`, and believing nothing of what it answers."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from PIL import Image

from dossiers.uploads.names import FORBIDDEN
from ecare.gate import Busy, Gate

logger = logging.getLogger(__name__)

MEBIBYTE = 1024 * 1024
PROGRAM = Path(__file__).with_name("apart.py")
#: In pixels: what a screen shows of a page, and the same twice as large.
WIDTHS = {"": 1100, "grande": 2200}
#: A page is drawn whole: one that is higher than that, for its width, is narrower.
TALLEST = 2
#: The status of the program where it could not give up its rights.
CLOSED = 77
#: A drawing takes a core, and memory of its own.
GATE = Gate(at_once=2, waiting=6, patience=5)


@dataclass(frozen=True)
class Limits:
    """What the program may take: memory and output in bytes, processor and whole time in seconds."""

    memory: int = 512 * MEBIBYTE
    output: int = 32 * MEBIBYTE
    processor: int = 4
    time: float = 8


LIMITS = Limits()


@dataclass(frozen=True)
class Drawn:
    """A page as an image, with what it says. `image` is a JPEG, of that many pixels."""

    page: int
    pages: int
    width: int
    height: int
    image: bytes
    text: str


class CannotDraw(Exception):
    """Why a page cannot be shown, in French, with what to do; `why` is one word of `REASONS`."""

    def __init__(self, why: str) -> None:
        super().__init__(REASONS[why])
        self.why = why


REASONS = {
    "kind": "Ce genre de fichier ne peut pas être affiché ici. Téléchargez-le pour l'ouvrir dans son logiciel.",
    "password": "Ce PDF est protégé par un mot de passe : il ne peut pas être affiché ici. Téléchargez-le.",
    "broken": "Ce PDF est abîmé : il ne peut pas être affiché ici. Téléchargez-le pour essayer de l'ouvrir.",
    "heavy": "Cette page est trop lourde ou trop complexe pour être affichée ici. Téléchargez le fichier pour la lire.",
    "busy": "Beaucoup de fichiers sont affichés en ce moment. Rechargez cette page dans quelques secondes, ou "
    "téléchargez le fichier.",
    "closed": "L'affichage des fichiers n'est pas disponible. Téléchargez-le pour l'ouvrir.",
}


def may_be_drawn(content_type: str) -> bool:
    return content_type == "application/pdf"


def draw(content: IO[bytes], *, page: int, width: int) -> Drawn:
    """The page of that number, or the nearest, that many pixels wide at most. `content` is a PDF in a file of the
    system, open for reading. Raises CannotDraw."""
    try:
        with GATE:
            said, pixels = answer(content, page, width)
    except Busy as error:
        raise CannotDraw("busy") from error
    if said.get("why") in {"password", "broken"}:
        raise CannotDraw(said["why"])
    try:
        return encoded(said, pixels)
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("a page was drawn wrong: %s", type(error).__name__)
        raise CannotDraw("heavy") from error


def encoded(said: dict[str, Any], pixels: bytes) -> Drawn:
    """The page, its image made of these pixels. Raises KeyError, TypeError, ValueError when they are not what is said:
    no memory is taken on the word of a program that a document may have turned."""
    width, height, stride = int(said["width"]), int(said["height"]), int(said["stride"])
    if min(width, height) < 1 or stride < 3 * width or stride * height != len(pixels):
        raise ValueError(len(pixels))
    image = io.BytesIO()
    # At full colour resolution: coloured letters stay sharp.
    Image.frombytes("RGB", (width, height), pixels, "raw", "BGR", stride).save(image, "JPEG", quality=85, subsampling=0)
    text = "\n".join(FORBIDDEN.sub("", line) for line in str(said["text"]).splitlines())
    return Drawn(int(said["page"]), int(said["pages"]), width, height, image.getvalue(), text)


def answer(content: IO[bytes], page: int, width: int) -> tuple[dict[str, Any], bytes]:
    """What the program says of the page, and its pixels. Raises CannotDraw when it says nothing."""
    sizes = (page, width, width * TALLEST, LIMITS.memory, LIMITS.processor, LIMITS.output)
    # In a file, whose size is bounded, and not a pipe, which would be read into this process without end.
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", str(PROGRAM), *map(str, sizes)],
                stdin=content.fileno(),
                stdout=output,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=LIMITS.time,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CannotDraw("heavy") from error
        if done.returncode == CLOSED:
            logger.error("no page can be drawn: this system does not let a program give up its rights")
            raise CannotDraw("closed")
        if done.returncode:
            logger.warning("a page was not drawn: the program ended with %d", done.returncode)
            raise CannotDraw("heavy")
        output.seek(0)
        try:
            said = json.loads(output.readline())
            assert isinstance(said, dict)
        except (AssertionError, ValueError, RecursionError) as error:
            raise CannotDraw("heavy") from error
        return said, output.read()
