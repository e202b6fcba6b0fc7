"""What follows an hour of a steady sound is scored by its own labels; what lay in the hour is counted apart."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from vad.manifests import Recording
from vad.metrics import CELLS
from vad.peers import load_peer
from vad.segments import Segment, Timeline

_RATE = 16000


@pytest.fixture(scope="module")
def module(scripts: dict[str, ModuleType]) -> ModuleType:
    return scripts["steady"]


def burst(seconds: float, start: float, end: float) -> np.ndarray:
    sound = np.full(int(seconds * _RATE), 1e-4, np.float32) * np.random.default_rng(0).standard_normal(
        int(seconds * _RATE)
    )
    sound[int(start * _RATE) : int(end * _RATE)] *= 3000
    return sound.astype(np.float32)


def test_every_sound_has_its_length_and_goes_on_where_a_second_ends(module: ModuleType) -> None:
    for name, make in module.SOUNDS.items():
        sound = make(2 * _RATE + 7)
        assert sound.dtype == np.float32 and sound.size == 2 * _RATE + 7 and np.abs(sound).max() <= 2, name
    for name in ("a tone of 200 Hz", "a motor: 30 Hz and its harmonics", "a click a second"):
        sound = module.SOUNDS[name](2 * _RATE)
        assert np.array_equal(sound[:_RATE], sound[_RATE:])
    level = 20 * np.log10(module.SOUNDS["white noise at -30 dB"](_RATE).std())
    assert level == pytest.approx(-30, abs=0.2)


def test_recordings_lie_one_behind_another_with_their_speech(module: ModuleType, tmp_path: Path) -> None:
    rows, speech = [], Timeline([Segment(0.5, 1.5)])
    for number in range(3):
        sf.write(tmp_path / f"{number}.wav", burst(2.0, 0.5, 1.5), _RATE)
        facts = (speech, "reference", None, None, "dev", "CC0-1.0", "permissive")
        rows.append(Recording(f"a/{number}", f"{number}.wav", 0.0, 2.0, "labelled", *facts))
    samples, speech = module.joined(rows, tmp_path, 3.0)
    assert samples.size == 4 * _RATE
    assert speech.to_pairs() == [(0.5, 1.5), (2.5, 3.5)]
    labels = module.labelled(samples, speech)
    assert labels.size == CELLS.count(samples.size) and labels.sum() == 200


def test_what_lies_before_is_counted_for_itself(module: ModuleType) -> None:
    engine, recording = load_peer("energy"), burst(3.0, 1.0, 2.0)
    labels = module.labelled(recording, Timeline([Segment(1.0, 2.0)]))
    values, false_s = module.heard(engine, burst(4.0, 1.0, 3.0), recording)
    assert values.size == labels.size and false_s == pytest.approx(2.0, abs=0.4)
    assert module.hits(values, labels, engine) > 0.9
    nothing, none_s = module.heard(engine, recording[:0], recording)
    assert none_s == 0 and module.hits(nothing, labels, engine) > 0.9
    assert module.hits(nothing, ~labels, engine) < 0.2


def test_the_page_has_a_row_for_each_sound(module: ModuleType) -> None:
    text = module.page(["vad", "energy"], [0.955, 1.0], {"hum": [(0.95, 0.04), (0.5, 3600.0)]})
    assert "| nothing | 95.5% | 100.0% |" in text
    assert "| hum | 95.0% | 50.0% |" in text and "| hum | 0.0 | 3600.0 |" in text


def test_the_command_streams_every_sound(
    module: ModuleType, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    monkeypatch.setattr(module, "HOUR_S", 2)
    arguments = [
        "--manifests",
        str(corpus / "manifests" / "all.jsonl"),
        "--cache",
        str(tmp_path),
        "--engines",
        "energy",
    ]
    result = CliRunner().invoke(module.main, arguments)
    assert result.exit_code == 0, result.output
    assert all(result.output.count(f"| {name} | ") == 2 for name in module.SOUNDS)
    assert "| nothing | " in result.output
