"""What pydantic found wrong, said in the words of the config file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from vad.config.document import Node
from vad.config.paths import inner_sections, step_into
from vad.errors import did_you_mean

_WIDTH = 80
# By pydantic's name of what is wrong: the rule in the words of YAML.
_RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("tuple_type", "list_type"), "must be a list in brackets"),
        **dict.fromkeys(("dict_type", "model_type", "dataclass_type"), "must hold keys with values"),
        **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
        **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
        **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
        "string_type": "must be text, in quotes where it looks like something else",
        "too_long": "must have at most {max_length} items",
        "too_short": "must have at least {min_length} items",
    }
)


def describe(error: ValidationError, tree: Node, root: type) -> list[str]:
    """Returns one line per problem: place, dotted key, rule, value received, nearest valid name.

    Args:
        error: what validation raised.
        tree: the config as it was written, for places.
        root: the type of the whole config, for the names that are valid.
    """
    return [_line(item, tree, root) for item in error.errors(include_url=False)]


def _line(item: Any, tree: Node, root: type) -> str:
    keys = _written_keys(item["loc"], tree, root)
    dotted = ".".join(str(key) for key in keys)
    kind = item["type"]
    rule = _rule(item)
    place = _place(tree.find(keys), rule)
    head = f"{place}: {dotted}" if dotted else place
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        valid = _valid_names(root, keys[:-1])
        listed = f"; valid keys: {', '.join(valid)}" if valid else ""
        return f"{head}: no such key{did_you_mean(str(keys[-1]), valid)}{listed}"
    if kind in {"missing", "missing_argument"}:
        what = "item" if isinstance(keys[-1], int) else "key"
        return f"{head}: this {what} is required and not given"
    if kind == "value_error":
        # Rules that stand outside the configs name their section themselves.
        return f"{head}: {rule.removeprefix(f'{dotted}: ')}"
    received = "null" if item["input"] is None else repr(item["input"])
    short = received if len(received) <= _WIDTH else received[: _WIDTH - 1] + "…"
    nearest = ""
    if kind in {"literal_error", "enum"}:
        names = [name.strip(" '") for name in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
        nearest = did_you_mean(str(item["input"]), names)
    return f"{head}: {rule}; received {short}{nearest}"


def _rule(item: Any) -> str:
    kind, told = item["type"], item.get("ctx", {})
    if kind == "value_error":
        return str(told["error"])
    if kind in _RULES:
        return _RULES[kind].format(**told)
    return str(item["msg"]).replace("Input should be", "must be")


def _place(node: Node, rule: str) -> str:
    """Returns where a section that breaks a rule was written, or the options that gave what the rule speaks of.

    A section keeps the line of its file when an option changes a key in it, and nothing in that file is then wrong.
    """
    # The values of a whole section, where a rule ends with them, are not what it speaks of.
    words = set(re.findall(r"\w+", rule.partition("; received {")[0]))
    options = [place for name, place in _leaves(node) if name in words and place.startswith("--set ")]
    return " ".join(dict.fromkeys(options)) if options else node.place


def _leaves(node: Node, name: str = "") -> Iterator[tuple[str, str]]:
    """Yields the name and the place of every key below a section that holds no keys of its own."""
    if not isinstance(node.value, dict):
        yield name, node.place
        return
    for key, child in node.value.items():
        yield from _leaves(child, key)


def _written_keys(location: tuple[str | int, ...], tree: Node, root: type) -> tuple[str | int, ...]:
    """Returns the location without the names of union members that pydantic puts between keys."""
    keys: list[str | int] = []
    annotation: Any = root
    for index, key in enumerate(location):
        inner = step_into(annotation, key)
        last = index == len(location) - 1
        node = tree.find(tuple(keys)).value
        written = isinstance(node, dict) and key in node
        if inner is None and not written and not (last and inner_sections(annotation)):
            continue
        keys.append(key)
        annotation = inner
    return tuple(keys)


def _valid_names(root: Any, keys: tuple[str | int, ...]) -> list[str]:
    annotation = root
    for key in keys:
        annotation = step_into(annotation, key)
    return [name for fields in inner_sections(annotation) for name in fields]
