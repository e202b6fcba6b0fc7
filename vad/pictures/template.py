"""Pages out of the templates that the package carries: one file that needs nothing else and calls nobody."""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from vad.files import replacing, writing

__all__ = ["asset", "embed", "encoded", "escape", "fill", "packed", "write_page"]

_SLOT = re.compile(r"<!--vad:(\w+)-->")


def asset(*names: str, package: str = "vad.pictures") -> str:
    """Returns the text of files of a package's ``assets`` folder, one after the other."""
    folder = resources.files(package) / "assets"
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


def packed(array: NDArray[Any]) -> str:
    """Returns an array's bytes as text; ``vadUnpack`` of ``unpack.js`` gives them back."""
    return encoded(zlib.compress(array.tobytes(), 9))


def encoded(data: bytes) -> str:
    """Returns bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def write_page(text: str, path: Path) -> None:
    """Writes a page, whole or not at all.

    Raises:
        VadError: when the file cannot be written.
    """
    with writing(path), replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
