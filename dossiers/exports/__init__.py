"""Exports of the list (I7): which columns there are, the rows of the dossiers kept, the files that hold them."""
