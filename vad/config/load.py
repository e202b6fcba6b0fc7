"""From a YAML file, the files it extends and ``--set`` options to a validated `Config`."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from vad.config.document import Node, read_document, read_value
from vad.config.paths import anchor_paths, inner_sections, step_into
from vad.config.problems import describe
from vad.config.root import Config
from vad.config.section import Section
from vad.errors import ConfigError

S = TypeVar("S", bound=Section)


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> Config:
    """Reads and checks the config of a training.

    Args:
        path: the YAML file.
        overrides: as `read_config` has them.

    Raises:
        ConfigError: as `read_config`.
    """
    return read_config(path, Config, overrides)


def read_config(path: Path | str, root: type[S], overrides: Sequence[str] = ()) -> S:
    """Reads and checks a config of any kind.

    A file may begin with ``extends: other.yaml``: the other file is read first, sections are merged key by key, and
    everything else of this file replaces what the other said, tables of free keys (weights by source) as a whole.
    Chains are followed, cycles refused.

    Args:
        path: the YAML file.
        root: what the whole file is.
        overrides: texts such as ``training.epochs=5``; the value is YAML, an index reaches into a list
            (``data.sources.0=…``). They come after the files, in order.

    Raises:
        ConfigError: with one line per problem: place, dotted key, rule, value received and the nearest valid
            name; all problems at once.
    """
    problems: list[str] = []
    tree = _read_chain(Path(path), root, (), problems)
    for override in overrides:
        _override(tree, override, root, problems)
    anchor_paths(tree, root)
    config = None
    try:
        # Strict rules for JSON, not those for Python objects: lists become tuples and text becomes paths, but neither
        # true nor '5' becomes a number.
        config = root.model_validate_json(json.dumps(tree.plain()), strict=True)
    except ValidationError as error:
        problems += describe(error, tree, root)
    if config is None or problems:
        raise ConfigError(_report(Path(path), problems))
    return config


def _report(path: Path, problems: list[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems in the config {path}:\n" + "\n".join(f"  {line}" for line in problems)


def _read_chain(path: Path, root: type, seen: tuple[Path, ...], problems: list[str]) -> Node:
    node = read_document(path, problems)
    parent = node.value.pop("extends", None)
    if parent is None:
        return node
    if not isinstance(parent.value, str):
        problems.append(f"{parent.place}: extends: must be the path of one config; received {parent.plain()!r}")
        return node
    seen = (*seen, path.resolve())
    target = parent.base / Path(parent.value).expanduser()
    if target.resolve() in seen:
        chain = " → ".join(item.name for item in (*seen, target))
        raise ConfigError(f"{parent.place}: extends: the configs extend each other in a circle: {chain}")
    if not target.is_file():
        raise ConfigError(f"{parent.place}: extends: no such file: {target}")
    # Named as the user would name it: beside the path that was given, not by its resolved form.
    shown = path.parent / parent.value
    return _merge(_read_chain(shown if shown.is_file() else target, root, seen, problems), node, root)


def _merge(under: Node, over: Node, annotation: Any) -> Node:
    """Returns `under` with what `over` says: sections key by key, anything else replaced.

    A table of free keys, such as weights by source, is replaced as a whole: laid over each other, what the lower one
    says could never be taken back.
    """
    if not (isinstance(under.value, dict) and isinstance(over.value, dict) and inner_sections(annotation)):
        return over
    merged = dict(under.value)
    for key, child in over.value.items():
        merged[key] = _merge(merged[key], child, step_into(annotation, key)) if key in merged else child
    return Node(merged, over.place, over.base)


def _override(tree: Node, text: str, root: type, problems: list[str]) -> None:
    key, equals, value = text.partition("=")
    place = f"--set {text}"
    if not equals or not all(part.strip() for part in key.split(".")):
        problems.append(f"{place}: must read dotted.key=value, such as --set training.epochs=5")
        return
    new = read_value(value, place, Path.cwd(), problems)
    *way, last = [part.strip() for part in key.split(".")]
    node = tree
    for part in way:
        child = _child(node, part)
        if child is None or not isinstance(child.value, dict | list):
            if not isinstance(node.value, dict):
                problems.append(f"{place}: {part}: there is nothing of that name to reach into")
                return
            child = node.value[part] = Node({}, place, Path.cwd())
        node = child
    existing = _child(node, last)
    merged = new if existing is None else _merge(existing, new, functools.reduce(step_into, (*way, last), root))
    if isinstance(node.value, dict):
        node.value[last] = merged
    elif existing is not None:
        node.value[int(last)] = merged
    else:
        problems.append(f"{place}: {last}: must be an index from 0 to {len(node.value) - 1} of this list")


def _child(node: Node, key: str) -> Node | None:
    if isinstance(node.value, dict):
        found: Node | None = node.value.get(key)
        return found
    if isinstance(node.value, list) and key.isdigit() and int(key) < len(node.value):
        item: Node = node.value[int(key)]
        return item
    return None
