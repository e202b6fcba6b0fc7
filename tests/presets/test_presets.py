"""Laws of presets: data that apply to any model, files that survive a round, misspellings that are refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.decision import DecisionRule
from vad.errors import ConfigError
from vad.presets import NAMES, Preset, load_preset, write_preset


@pytest.mark.parametrize("name", NAMES)
def test_the_thresholds_stay_the_models(name):
    preset = load_preset(name)
    own = DecisionRule(onset_threshold=0.71, offset_threshold=0.33)
    rule = preset.apply(own)
    assert (rule.onset_threshold, rule.offset_threshold) == (0.71, 0.33)
    assert rule != own
    assert preset.description


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_reason_above_it(name, repository):
    lines = (repository / f"vad/presets/{name}.toml").read_text().splitlines()
    start = lines.index("[decision]")
    values = [number for number, line in enumerate(lines) if number > start and "=" in line]
    assert len(values) == len(load_preset(name).fields)
    for number in values:
        above = lines[number - 1]
        assert above.startswith("#") or above.split("=")[0].startswith("pad_"), lines[number]


def test_the_page_has_the_presets_as_they_are(repository):
    page = (repository / "docs/decisions.md").read_text()
    heading, _, *rows = re.search(r"^(\| field \|.*?)\n\n", page, re.DOTALL | re.MULTILINE).group(1).splitlines()
    names = [cell.strip() for cell in heading.strip("|").split("|")][1:]
    assert tuple(names) == NAMES
    for column, name in enumerate(names, start=1):
        shown = {}
        for row in rows:
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            if cells[column] != "the model's":
                shown[cells[0].strip("`")] = float(cells[column])
        assert shown == dict(load_preset(name).fields)


fields = st.fixed_dictionaries(
    {},
    optional={
        "onset_threshold": st.floats(0.5, 1.0),
        "offset_threshold": st.floats(0.0, 0.5),
        "min_silence_s": st.floats(0.0, 10.0),
        "max_speech_s": st.none() | st.floats(20.0, 90.0),
        "confirm_threshold": st.none() | st.floats(0.5, 1.0),
    },
)


@given(fields, st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=20))
def test_a_file_survives_a_round(tmp_path_factory, values, text):
    path = tmp_path_factory.getbasetemp() / "round.toml"
    preset = Preset(str(path), text, values, {"model": text, "manifests": ["a.jsonl", text], "after": 0.5})
    write_preset(path, preset)
    assert load_preset(str(path)) == preset


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[decision", "not valid TOML"),
        ("description = 'x'", r"the table \[decision\] is missing"),
        ("decisions = 1\n[decision]", r"unknown key 'decisions' \(did you mean 'decision'\?\)"),
        ("decision = 3", "decision must be a table; received 3"),
        ("[decision]\nmin_silense_s = 1\nonset = 'a'", r"did you mean 'min_silence_s'\?\); unknown field 'onset'"),
        ("[decision]\nmin_silence_s = 'a'\npad_end_s = true", "received 'a'; pad_end_s must be a number"),
        ("[decision]\nconfirm_threshold = false", "confirm_threshold must be a number; received False"),
        ("[decision]\nconfirm_threshold = 0.1", r"confirm_threshold must lie in \[onset_threshold, 1\]"),
        ("[decision]\nmin_silence_s = -1", "min_silence_s must be a finite number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_preset(str(path)).apply(DecisionRule())
    assert str(path) in str(caught.value)


def test_misspelt_names_and_missing_files(tmp_path):
    with pytest.raises(ConfigError, match=r"no preset 'dictacion' \(did you mean 'dictation'\?\)"):
        load_preset("dictacion")
    with pytest.raises(ConfigError, match="No such file"):
        load_preset("mine.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a text file"):
        load_preset(str(tmp_path / "binary.toml"))
