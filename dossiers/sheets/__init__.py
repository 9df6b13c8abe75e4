"""Reading the tables that people send: a sheet of an Excel or OpenDocument workbook, or a CSV (docs/adr/0058).

Nothing is extracted, run or kept: the parts of a workbook that hold its cells are inflated by pieces and parsed as they
come, without any declaration of entities, within a bound of bytes, of rows and of processor.
"""

from dossiers.sheets.reading import EXTENSIONS, read
from dossiers.sheets.table import Cell, Row, Table, Unreadable

__all__ = ["EXTENSIONS", "Cell", "Row", "Table", "Unreadable", "read"]
