"""A page of a file, drawn on the server so that neither the browser nor this process interprets a byte of it (I2).

PDFium draws it in a process of its own, which has given up everything before it reads the document (`apart`), and hands
back pixels: the image that leaves is encoded here, from them alone. ADR 0048.
"""

from dossiers.viewer.drawing import WIDTHS, CannotDraw, Drawn, draw, may_be_drawn

__all__ = ["WIDTHS", "CannotDraw", "Drawn", "draw", "may_be_drawn"]
