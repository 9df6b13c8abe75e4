"""Tables that leave (I7): those that are made behind, the columns and the rows of that of the list, the files that hold
them."""
