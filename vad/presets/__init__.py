"""Named changes to a model's decision rule: data files of this folder, or a user's own.

A preset is a TOML file with a ``description`` and a table ``[decision]`` of `DecisionRule` fields. What it does not
name stays as the model has it: the thresholds are calibrated for a model, and none of the presets here sets them.
`vad tune` writes presets that do, with a table ``[tuned]`` that says for which model.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from vad.decision import NO_CONDITION, DecisionRule
from vad.errors import ConfigError, did_you_mean
from vad.files import replacing, writing

__all__ = ["NAMES", "Preset", "load_preset", "write_preset"]

NAMES: Final = ("dictation", "telephony", "live", "archive")
"""The presets of the package."""

_KEYS = {"description": str, "decision": dict, "tuned": dict}


@dataclass(frozen=True)
class Preset:
    """Changes to a decision rule.

    Args:
        name: of the preset, or the path of its file.
        description: what it is for, one line.
        fields: `DecisionRule` fields by name; the others stay as the model has them.
        tuned: how `vad tune` found it, with the ``model`` it was found for; empty for a preset made by hand.
    """

    name: str
    description: str
    fields: Mapping[str, float | None]
    tuned: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def apply(self, rule: DecisionRule) -> DecisionRule:
        """Returns a rule with the preset's changes.

        Raises:
            ConfigError: when the changes and what stays do not go together.
        """
        try:
            return rule.replace(dict(self.fields))
        except ConfigError as error:
            raise ConfigError(f"preset {self.name}: {error} (what it does not name comes from the model)") from None


def load_preset(name: str) -> Preset:
    """Reads a preset.

    Args:
        name: one of `NAMES`, or the path of a TOML file: with a folder in it, or ending in ``.toml``.

    Raises:
        ConfigError: when there is no such preset, or the file is not one; names the file, the key and the remedy.
    """
    if name in NAMES:
        return _parse((resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"), name)
    path = Path(name)
    if path.suffix != ".toml" and path.name == name and not path.is_file():
        raise ConfigError(
            f"no preset {name!r}{did_you_mean(name, NAMES)}; there are {', '.join(NAMES)}, or give the path of a file"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"preset {name}: cannot read it: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"preset {name}: not a text file: {error}") from error
    return _parse(text, name)


def write_preset(path: Path, preset: Preset) -> None:
    """Writes a preset as the TOML file that `load_preset` reads.

    Raises:
        VadError: when the file cannot be written.
    """
    lines = [f"description = {_toml('description', preset.description)}"]
    for table, values in (("decision", preset.fields), ("tuned", preset.tuned)):
        if values or table == "decision":
            lines += ["", f"[{table}]", *(f"{key} = {_toml(key, value)}" for key, value in values.items())]
    with writing(path), replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(key: str, value: Any) -> str:
    """Returns the value of a key as TOML; None is the number of `NO_CONDITION` there."""
    if value is None:
        value = NO_CONDITION[key]
    if isinstance(value, str | list | tuple):
        # JSON's texts and lists of texts are TOML's as well.
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _parse(text: str, name: str) -> Preset:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"preset {name}: not valid TOML: {error}") from error
    problems = [f"unknown key {key!r}{did_you_mean(key, _KEYS)}" for key in content if key not in _KEYS]
    problems += [
        f"{key} must be {'a text' if kind is str else 'a table'}; received {content[key]!r}"
        for key, kind in _KEYS.items()
        if key in content and not isinstance(content[key], kind)
    ]
    if "decision" not in content:
        problems.append("the table [decision] is missing")
    if problems:
        raise ConfigError(f"preset {name}: " + "; ".join(problems))
    _check_fields(content["decision"], name)
    # TOML has no null: no limit is written as inf, nothing to reach as 0, as on the command line.
    fields = {key: None if NO_CONDITION.get(key) == value else value for key, value in content["decision"].items()}
    return Preset(name, content.get("description", ""), fields, content.get("tuned", {}))


def _check_fields(fields: dict[str, Any], name: str) -> None:
    valid = [field.name for field in dataclasses.fields(DecisionRule)]
    problems = [f"unknown field {key!r}{did_you_mean(key, valid)}" for key in fields if key not in valid]
    problems += [
        f"{key} must be a number; received {value!r}"
        for key, value in fields.items()
        if key in valid and (isinstance(value, bool) or not isinstance(value, int | float))
    ]
    if problems:
        raise ConfigError(f"preset {name}: [decision]: " + "; ".join(problems))
