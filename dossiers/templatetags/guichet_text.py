"""Texts that administrators write: paragraphs, and lists whose lines begin with a dash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django import template

register = template.Library()


@dataclass(frozen=True)
class Block:
    text: str
    items: list[str]


@register.filter
def blocks(text: str) -> list[Block]:
    """The blocks of a text, parted by blank lines."""
    result = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in part.strip().split("\n") if line.strip()]
        if lines and all(line.startswith("- ") for line in lines):
            result.append(Block("", [line.removeprefix("- ") for line in lines]))
        elif lines:
            result.append(Block(" ".join(lines), []))
    return result


@register.filter
def as_json(value: Any) -> str:
    """JSON for a data attribute, escaped by the template as any text."""
    return json.dumps(value, ensure_ascii=False)
