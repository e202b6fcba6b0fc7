"""YAML documents that remember where each value was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vad.errors import ConfigError


@dataclass(slots=True)
class Node:
    """A value of a config and its place.

    Attributes:
        value: a scalar, a dict of nodes or a list of nodes.
        place: "file:line" or the option that gave it, for messages.
        base: the folder that relative paths in it are meant from.
    """

    value: Any
    place: str
    base: Path

    def plain(self) -> Any:
        """Returns the value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def find(self, keys: tuple[str | int, ...]) -> Node:
        """Returns the node under `keys`, or the closest one above that was written."""
        node = self
        for key in keys:
            inside = key in node.value if isinstance(node.value, dict) else _is_index(key, node.value)
            if inside:
                node = node.value[key]
        return node


def _is_index(key: str | int, value: Any) -> bool:
    return isinstance(value, list) and isinstance(key, int) and key < len(value)


class _Loader(yaml.SafeLoader):
    """The scalars of YAML 1.2: only true and false are booleans, 1e-3 is a number, 010 is ten, 1:30 is text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    ("float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+."),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))

_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan")),
    "tag:yaml.org,2002:null": lambda text: None,
    "tag:yaml.org,2002:str": str,
}


def read_document(path: Path, problems: list[str]) -> Node:
    """Reads a YAML file that holds one mapping.

    Args:
        path: the file.
        problems: keys written twice and the like are added here, one line each.

    Raises:
        ConfigError: when the file cannot be read or is no YAML mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"{path}: cannot read this config: {reason}") from None
    node = _parse(text, str(path), path.resolve().parent, problems)
    if node.value is None:
        node.value = {}
    if not isinstance(node.value, dict):
        raise ConfigError(f"{path}: a config must be a mapping of keys to values; received {node.plain()!r:.60}")
    return node


def read_value(text: str, place: str, base: Path, problems: list[str]) -> Node:
    """Reads one YAML value given outside a file, such as by an option.

    Raises:
        ConfigError: when it is no YAML.
    """
    node = _parse(text, place, base, problems)
    _relabel(node, place)
    return node


def _relabel(node: Node, place: str) -> None:
    node.place = place
    children = node.value.values() if isinstance(node.value, dict) else node.value
    if isinstance(node.value, dict | list):
        for child in children:
            _relabel(child, place)


def _parse(text: str, name: str, base: Path, problems: list[str]) -> Node:
    loader = _Loader(text)
    try:
        tree = loader.get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark is not None else name
        reason = getattr(error, "problem", None)
        raise ConfigError(f"{place}: no valid YAML: {str(error) if reason is None else reason}") from None
    finally:
        loader.dispose()
    if tree is None:
        return Node(None, f"{name}:1", base)
    return _convert(tree, name, base, problems)


def _convert(tree: yaml.Node, name: str, base: Path, problems: list[str]) -> Node:
    place = f"{name}:{tree.start_mark.line + 1}"
    if isinstance(tree, yaml.SequenceNode):
        return Node([_convert(child, name, base, problems) for child in tree.value], place, base)
    if isinstance(tree, yaml.MappingNode):
        children: dict[str, Node] = {}
        for key, child in tree.value:
            line = f"{name}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                problems.append(f"{line}: a key must be plain text")
            elif key.value in children:
                problems.append(f"{line}: {key.value}: written twice; first at {children[key.value].place}")
            else:
                children[key.value] = _convert(child, name, base, problems)
                children[key.value].place = line
        return Node(children, place, base)
    reader = _SCALARS.get(tree.tag)
    if reader is None:
        problems.append(f"{place}: the YAML tag {tree.tag} is not used in configs; write a plain value")
        return Node(tree.value, place, base)
    return Node(reader(tree.value), place, base)
