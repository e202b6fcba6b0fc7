"""The types behind the keys of a config, and what the paths among its values are relative to.

A relative path is meant from the folder of the file that wrote it, so that a config works from any working
directory and one that extends another keeps the other's files. Paths given by ``--set`` are meant from the
working directory, as everywhere on a command line.
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from vad.config.document import Node


def section_fields(annotation: Any) -> dict[str, Any] | None:
    """Returns the keys of a section and their types, or None when `annotation` is no section."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: field.annotation for name, field in annotation.model_fields.items()}
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        return {field.name: hints[field.name] for field in dataclasses.fields(annotation) if field.init}
    return None


def anchor_paths(node: Node, annotation: Any) -> None:
    """Makes every relative path below `node` absolute, in place.

    Args:
        node: a part of a config as it was written.
        annotation: the type that this part is going to have.
    """
    for part in _alternatives(annotation):
        fields = section_fields(part)
        if fields is not None and isinstance(node.value, dict):
            for key, child in node.value.items():
                if key in fields:
                    anchor_paths(child, fields[key])
        elif isinstance(node.value, list):
            for child in node.value:
                anchor_paths(child, _element(part))
        elif isinstance(node.value, dict) and typing.get_origin(part) is dict:
            for child in node.value.values():
                anchor_paths(child, typing.get_args(part)[1])
        elif isinstance(node.value, str) and part is Path and node.value not in _words(annotation):
            # The folder is resolved, so that taking `..` out of the text cannot lead past a symbolic link.
            node.value = os.path.normpath(node.base / Path(node.value).expanduser())


def _words(annotation: Any) -> set[Any]:
    """Returns the literal values that a union has beside other types."""
    return {
        word
        for part in _alternatives(annotation)
        if typing.get_origin(part) is typing.Literal
        for word in typing.get_args(part)
    }


def _alternatives(annotation: Any) -> Iterator[Any]:
    """Yields the members of a union, or the type itself, without annotations."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    elif origin is typing.Union or origin is types.UnionType:
        for member in typing.get_args(annotation):
            yield from _alternatives(member)
    else:
        yield annotation


def _element(annotation: Any) -> Any:
    arguments = typing.get_args(annotation)
    return arguments[0] if arguments else None


def inner_sections(annotation: Any) -> list[dict[str, Any]]:
    """Returns the keys and types of every section that a value of this type may be."""
    found = (section_fields(part) for part in _alternatives(annotation))
    return [fields for fields in found if fields is not None]


def step_into(annotation: Any, key: str | int) -> Any:
    """Returns the type of the value under a key or an index of `annotation`, or None when there is none."""
    for part in _alternatives(annotation):
        fields = section_fields(part)
        if fields is not None:
            if key in fields:
                return fields[str(key)]
        elif typing.get_origin(part) is dict:
            return typing.get_args(part)[1]
        elif isinstance(key, int):
            return _element(part)
    return None
