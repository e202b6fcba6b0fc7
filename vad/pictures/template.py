"""Pages out of the templates that the package carries: one file that needs nothing else and calls nobody."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from importlib import resources

__all__ = ["asset", "embed", "escape", "fill"]

_SLOT = re.compile(r"<!--vad:(\w+)-->")


def asset(*names: str) -> str:
    """Returns the text of files of this package's ``assets`` folder, one after the other."""
    folder = resources.files("vad.pictures") / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def fill(template: str, slots: Mapping[str, str]) -> str:
    """Puts texts into the slots ``<!--vad:name-->`` of a template; what is put in is not searched again."""
    return _SLOT.sub(lambda match: slots[match[1]], template)


def escape(text: str) -> str:
    """Returns text as HTML."""
    return html.escape(text, quote=True)


def embed(value: object) -> str:
    """Returns a value as JSON that may stand inside a script element, whatever strings it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
