"""Conditions that the recordings lack: what is changed, and what stays as it was."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

from vad.segments import Timeline

_RATE = 16000


@pytest.fixture(scope="module")
def module(scripts: dict[str, ModuleType]) -> ModuleType:
    return scripts["conditions"]


def test_faster_speech_is_higher_and_its_labels_go_with_it(module: ModuleType) -> None:
    time = np.arange(2 * _RATE) / _RATE
    tone = np.where((time > 0.5) & (time < 1.5), np.sin(2 * np.pi * 400 * time), 0).astype(np.float32)
    fast = module.faster(module.Take(tone, Timeline.from_pairs([(0.5, 1.5)])), 1.25)
    assert fast.samples.size == pytest.approx(2 * _RATE / 1.25, abs=1)
    assert fast.speech.to_pairs() == [pytest.approx((0.4, 1.2))]
    assert np.argmax(np.abs(np.fft.rfft(fast.samples))) * _RATE / fast.samples.size == pytest.approx(500, abs=2)
    assert np.abs(fast.samples[: int(0.39 * _RATE)]).max() < 0.01 < np.abs(fast.samples[int(0.42 * _RATE) :]).max()


def test_a_whisper_has_the_resonances_of_the_voice_and_no_pitch(module: ModuleType) -> None:
    pulses = np.zeros(_RATE, np.float32)
    pulses[::100] = 1.0
    voice = module.lfilter([1.0], [1.0, -1.8 * np.cos(2 * np.pi * 1500 / _RATE), 0.81], pulses).astype(np.float32)
    whisper = module.whispered(voice, np.random.default_rng(0))
    assert whisper.shape == voice.shape and whisper.dtype == np.float32
    assert 0.5 < np.std(whisper) / np.std(voice) < 2.0

    def periodicity(samples: np.ndarray) -> float:
        return float(np.dot(samples[100:], samples[:-100]) / np.dot(samples, samples))

    assert periodicity(voice) > 0.9 and abs(periodicity(whisper)) < 0.2
    smooth = np.convolve(np.abs(np.fft.rfft(whisper)), np.ones(201), "same")
    assert np.argmax(smooth) == pytest.approx(1500, abs=300)


def test_shouting_raises_the_treble_and_clips_within_full_scale(module: ModuleType) -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal(_RATE)).astype(np.float32)
    loud = module.shouted(samples)
    assert np.abs(loud).max() <= 0.7 + 1e-6 and np.mean(np.abs(loud) > 0.699) > 0.02
    power = [np.abs(np.fft.rfft(x)) ** 2 for x in (samples, loud)]
    low, high = slice(100, 1000), slice(6000, 7000)
    assert power[1][high].sum() / power[1][low].sum() > 10 * power[0][high].sum() / power[0][low].sum()


def test_a_room_farther_away_has_more_tail_than_direct_sound(module: ModuleType) -> None:
    click = np.zeros(_RATE, np.float32)
    click[0] = 1
    for seed in range(5):
        wet = module.in_room(click, np.random.default_rng(seed), module.FAR_DB)
        assert 1.0 < np.sum(wet[1:].astype(float) ** 2) < 6.4


def test_the_page_has_a_row_for_each_condition_that_there_is_material_for(
    module: ModuleType, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    arguments = ["--engines", "energy", "--minutes", "1", "--bootstrap", "0", "--cache", str(tmp_path / "cache")]
    result = CliRunner().invoke(module.main, [*arguments, "--manifests", str(corpus / "manifests")])
    assert result.exit_code == 0, result.output
    assert "# Accuracy in conditions" in result.output
    for name in ("child-1.25", "child-1.4", "whispered", "shouted", "quiet-30", "quiet-45", "far", "language-th"):
        assert f"| {name} | " in result.output
    assert "| meetings" not in result.output  # the corpus has none
