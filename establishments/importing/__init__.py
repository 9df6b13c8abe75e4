"""From published FINESS files to our tables: recognise, read row by row, stage, compare, write.

`reading` opens a file, within `bounds`, and recognises its format; `pair`, `flat` and `plus` turn each format into the
same rows (`rows`); `staging` copies them into temporary tables; `merging` compares these with ours and writes the
differences; `deriving` works out what the screens search. `establishments.workflow` is the only caller.
"""
