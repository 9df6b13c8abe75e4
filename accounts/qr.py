"""QR codes, drawn by the server."""

import segno


def as_image(text: str) -> str:
    """`text` as an SVG image, in the form of a `data:` address that the CSP allows. Black on white whatever the theme,
    with the quiet margin that readers need."""
    drawn = segno.make(text, error="m", micro=False)
    address: str = drawn.svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
    return address
