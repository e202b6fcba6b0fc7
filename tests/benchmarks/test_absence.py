"""Minutes before a recording: they are heard, never scored."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

from vad.detector import Detector
from vad.evaluation import DetectorEngine
from vad.peers import load_peer

_RATE = 16000


@pytest.fixture(scope="module")
def module(scripts: dict[str, ModuleType]) -> ModuleType:
    return scripts["absence"]


def noise(seconds: float, level: float = 0.01) -> np.ndarray:
    return (level * np.random.default_rng(0).standard_normal(int(seconds * _RATE))).astype(np.float32)


def test_the_recording_is_scored_and_what_lay_before_is_not(module: ModuleType) -> None:
    before, recording = noise(3.0, level=0.5), np.concatenate([noise(1.0, 1e-4), noise(1.0, 0.5), noise(1.0, 1e-4)])
    stream = module.After(load_peer("energy"), before, 2.0).start()
    for chunk in np.array_split(recording, 7):
        stream.push(chunk)
    output = stream.finish()
    assert 0 <= output.times[0] < 0.05 and 2.9 < output.times[-1] < 3.0
    [(start, end)] = [pair for pair in output.speech.to_pairs() if pair[1] > 0.5]
    assert start == pytest.approx(1.0, abs=0.1) and end <= 3.0


def test_an_engine_hears_what_lay_before(module: ModuleType, repository: Path) -> None:
    from vad.audio import read

    recording = read(repository / "examples" / "recording.wav")
    engine = DetectorEngine(Detector())
    alone, after = engine.start(), module.After(engine, noise(5.0, 0.3), 4.0).start()
    for stream in (alone, after):
        stream.push(recording)
    first, second = alone.finish().values, after.finish().values
    # A frame more: one whose centre lies in the recording and whose first samples before it.
    assert first.size <= second.size <= first.size + 2
    apart = np.abs(first - second[-first.size :])
    assert apart.max() > 0 and apart[-200:].mean() < 0.05


def test_what_comes_out_of_near_silence_is_counted_for_itself(module: ModuleType) -> None:
    alone, sudden, together = module.false_alarms(load_peer("energy"), [noise(2.0, 0.3), noise(1.0, 0.3)])
    assert not any(alone) and not any(together) and len(alone) == len(sudden) == 2 and len(together) == 1
    assert all(
        speech[0].start < 0.05 and speech[-1].end <= length for speech, length in zip(sudden, (2.0, 1.0), strict=True)
    )
    assert "| energy | 0 → 2 → 0 | 0 → " in module.alarms_table({"energy": (alone, sudden, together)}, 1.0)


def test_each_recording_lies_behind_another_stretch(module: ModuleType) -> None:
    heard = []

    class Spy:
        name, description, threshold, is_probability = "spy", "", 0.5, False

        def start(self) -> Spy:
            return self

        def push(self, chunk: np.ndarray) -> None:
            heard.append(chunk)

    after = module.After(Spy(), noise(10.0), 2.0)
    after.start(), after.start()
    assert [chunk.size for chunk in heard] == [2 * _RATE] * 2 and not np.array_equal(*heard)


def test_a_row_has_every_recording_and_begins_and_ends_each_in_silence(module: ModuleType) -> None:
    recordings = [np.full(size, 0.5, np.float32) for size in (8000, 4000, 2)]
    row = module.in_a_row(recordings)
    assert row.size == 12002 and row[0] == 0 and row[-1] == 0 and row.max() == 0.5
    assert np.abs(np.diff(row)).max() < 0.51
    assert all(recording.min() == 0.5 for recording in recordings)


def test_the_page_compares_alone_with_after(
    module: ModuleType, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    monkeypatch.setattr(module, "CONDITIONS", ("clean", "noise-0"))
    arguments = ["--engines", "energy,webrtc", "--cache", str(tmp_path), "--manifests", str(corpus / "manifests")]
    result = CliRunner().invoke(module.main, arguments)
    assert result.exit_code == 0, result.output
    assert "| condition | energy | webrtc |" in result.output and "| clean | " in result.output
    assert "| energy | " in result.output and " → " in result.output
