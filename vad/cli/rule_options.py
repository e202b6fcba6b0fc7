"""The options of the decision rule, the same for every command that finds speech."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from vad.decision import DecisionRule

_Function = TypeVar("_Function", bound=Callable[..., Any])

RULE_OPTIONS: Final[Mapping[str, str]] = {
    "onset_threshold": "Posterior that enters speech, in (0, 1].",
    "offset_threshold": "Posterior below which speech is left; not given, it follows a lower onset down.",
    "confirm_threshold": "Drop speech that nowhere reaches this posterior; 0 drops none for that.",
    "hangover": "Seconds that speech goes on after falling below the offset threshold.",
    "min_speech": "Drop speech shorter than this, seconds.",
    "min_silence": "Fill gaps shorter than this, seconds.",
    "pad_start": "Widen segments by this at their start, seconds.",
    "pad_end": "Widen segments by this at their end, seconds.",
    "merge_gap": "Merge padded segments that are no further apart than this, seconds.",
    "max_speech": "Cut longer segments at their deepest pause, seconds with pads; inf for no limit.",
}
"""Names of the options' parameters and what they do; ``preset`` comes beside them."""


def rule_options(function: _Function) -> _Function:
    """Adds ``--preset`` and the options of the decision rule to a command.

    The command receives the parameters ``preset`` and those of `RULE_OPTIONS`, None where an option is not given, and
    hands them to `rule_from_options`.
    """
    for name, text in reversed(list(RULE_OPTIONS.items())):
        flag = f"--{name.replace('_', '-')}"
        function = click.option(flag, type=float, show_default="from the preset, else the model", help=text)(function)
    text = "Rule for a purpose: dictation, telephony, live, archive, or a TOML file (`vad tune` makes them)."
    return click.option("--preset", metavar="NAME|FILE", help=text)(function)


def rule_from_options(base: DecisionRule, options: Mapping[str, Any], *, model: str | None = None) -> DecisionRule:
    """Returns a rule with what the preset changes, and then what the other options change.

    Args:
        base: the model's own rule.
        options: of the command; other names than those of the rule are passed over.
        model: digest of the model in use: a preset that was tuned for another is used with a warning.

    Raises:
        ConfigError: when there is no such preset, or the values do not go together.
    """
    from vad.decision import NO_CONDITION
    from vad.errors import ConfigError

    rule, source = base, "the model"
    if options["preset"] is not None:
        from vad.presets import load_preset

        preset = load_preset(options["preset"])
        rule, source = preset.apply(base), f"the preset {preset.name} and the model"
        tuned_for = preset.tuned.get("model")
        if None not in (model, tuned_for) and tuned_for != model:
            click.echo(f"vad: preset {preset.name} was tuned for another model: its thresholds may not suit", err=True)
    changes = {
        name if name.endswith("threshold") else f"{name}_s": options[name]
        for name in RULE_OPTIONS
        if options[name] is not None
    }
    if "onset_threshold" in changes:
        # What nobody asked for follows: an offset a lower onset down, since it must not lie above it; what confirms a
        # higher onset up.
        changes.setdefault("offset_threshold", min(rule.offset_threshold, changes["onset_threshold"]))
        if rule.confirm_threshold is not None:
            changes.setdefault("confirm_threshold", max(rule.confirm_threshold, changes["onset_threshold"]))
    changes = {name: None if NO_CONDITION.get(name) == value else value for name, value in changes.items()}
    try:
        return rule.replace(changes)
    except ConfigError as error:
        raise ConfigError(f"{error} (what is not given comes from {source})") from None
