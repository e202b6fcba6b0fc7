"""The options of the rule: what changes what, the same for every command."""

from __future__ import annotations

import importlib

import pytest

from vad.cli.rule_options import RULE_OPTIONS, rule_from_options
from vad.decision import DecisionRule
from vad.errors import ConfigError
from vad.presets import Preset, write_preset

NONE = dict.fromkeys(["preset", *RULE_OPTIONS])
BASE = DecisionRule(onset_threshold=0.6, offset_threshold=0.4, min_silence_s=0.2, max_speech_s=40.0)


def test_an_option_overrides_the_preset_which_overrides_the_model():
    rule = rule_from_options(BASE, {**NONE, "preset": "dictation", "min_silence": 0.9})
    assert (rule.min_silence_s, rule.pad_start_s, rule.onset_threshold) == (0.9, 0.4, 0.6)
    assert rule_from_options(BASE, NONE) == BASE


def test_infinity_takes_the_limit_away():
    assert rule_from_options(BASE, {**NONE, "max_speech": float("inf")}).max_speech_s is None


def test_zero_takes_the_threshold_that_confirms_away_and_a_higher_onset_takes_it_along():
    base = BASE.replace({"confirm_threshold": 0.9})
    assert rule_from_options(base, {**NONE, "confirm_threshold": 0.0}).confirm_threshold is None
    assert rule_from_options(BASE, {**NONE, "confirm_threshold": 0.8}).confirm_threshold == 0.8
    assert rule_from_options(base, {**NONE, "onset_threshold": 0.95}).confirm_threshold == 0.95
    assert rule_from_options(base, {**NONE, "onset_threshold": 0.5}).confirm_threshold == 0.9
    assert rule_from_options(BASE, {**NONE, "onset_threshold": 0.95}).confirm_threshold is None


@pytest.mark.parametrize("name", ["detect", "split", "trim", "plot", "listen", "evaluate", "tune"])
def test_every_command_that_finds_speech_has_them_all(name):
    command = importlib.import_module(f"vad.cli.{name}").command
    assert {option.name for option in command.params} >= set(NONE)


@pytest.mark.parametrize(("tuned_for", "warns"), [("this", False), ("another", True), (None, False)])
def test_a_preset_that_was_tuned_for_another_model_is_used_with_a_warning(tmp_path, capsys, tuned_for, warns):
    path = tmp_path / "mine.toml"
    tuned = {} if tuned_for is None else {"model": tuned_for}
    write_preset(path, Preset(str(path), "mine", {"onset_threshold": 0.8}, tuned))
    rule = rule_from_options(BASE, {**NONE, "preset": str(path)}, model="this")
    assert rule.onset_threshold == 0.8
    assert ("was tuned for another model" in capsys.readouterr().err) == warns


def test_what_does_not_go_together_says_where_the_rest_comes_from():
    with pytest.raises(
        ConfigError, match=r"offset_threshold must not exceed .*\(what is not given comes from the model"
    ):
        rule_from_options(BASE, {**NONE, "onset_threshold": 0.5, "offset_threshold": 0.55})
    with pytest.raises(ConfigError, match=r"max_speech_s .* the preset live and the model\)"):
        rule_from_options(BASE, {**NONE, "preset": "live", "max_speech": 0.6})
