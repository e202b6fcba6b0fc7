"""Laws of speech found by its energy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vad.frames import FrameGrid
from vad.labels import LabelRule, energy_segments, refined_segments, timeline_to_labels
from vad.segments import Timeline

RATE = 16000
GRID = FrameGrid()


def bursts(
    spans: list[tuple[float, float]], duration: float, *, floor_db: float, seed: int = 0, rate: int = RATE
) -> NDArray[np.float32]:
    """Voiced bursts at -20 dB over white noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(duration * rate)) / rate
    voiced = sum(np.sin(2 * np.pi * 130 * k * time + k * k) / k for k in range(1, 20)) * 0.1
    spoken = np.zeros(len(time), bool)
    for start, end in spans:
        spoken |= (time >= start) & (time < end)
    return (voiced * spoken + rng.normal(0, 10 ** (floor_db / 20), len(time))).astype(np.float32)


@pytest.mark.parametrize("floor_db", [-80.0, -65.0, -50.0])
def test_boundaries_have_no_bias(floor_db: float) -> None:
    rng = np.random.default_rng(5)
    onsets, offsets = [], []
    for seed in range(12):
        edges = np.cumsum(rng.uniform(0.35, 0.8, 6))
        spans = [(edges[i], edges[i + 1]) for i in (0, 2, 4)]
        found = energy_segments(bursts(spans, 6.0, floor_db=floor_db, seed=seed), RATE)
        assert len(found) == 3
        onsets += [segment.start - start for segment, (start, _) in zip(found, spans, strict=True)]
        offsets += [segment.end - end for segment, (_, end) in zip(found, spans, strict=True)]
    assert abs(np.median(onsets)) < 0.005
    assert abs(np.median(offsets)) < 0.005
    assert np.max(np.abs(onsets + offsets)) < 0.02


@pytest.mark.parametrize("rate", [11025, 22050, 44100])
def test_boundaries_do_not_drift_where_a_hop_is_no_whole_number_of_samples(rate: int) -> None:
    spans = [(start, start + 0.5) for start in np.arange(0.5, 59.0, 1.2).tolist()]
    samples = bursts(spans, 60.0, floor_db=-65.0, rate=rate)
    for found in (energy_segments(samples, rate), refined_segments(samples, rate, Timeline.from_pairs(spans))):
        assert len(found) == len(spans)
        assert np.max(np.abs(np.array(found.to_pairs()) - spans)) < 0.012


def test_labels_do_not_depend_on_the_level() -> None:
    samples = bursts([(0.5, 1.0), (1.6, 2.0)], 3.0, floor_db=-60)
    louder = energy_segments(samples * np.float32(8), RATE)
    assert louder.to_pairs() == energy_segments(samples, RATE).to_pairs()


def test_digital_silence_around_is_no_floor_and_no_speech() -> None:
    zeros = np.zeros(RATE, np.float32)
    found = energy_segments(np.concatenate([zeros, bursts([(0.5, 1.2)], 2.0, floor_db=-50), zeros]), RATE)
    assert found.to_pairs() == [(pytest.approx(1.5, abs=0.01), pytest.approx(2.2, abs=0.01))]


def test_a_tight_cut_is_speech_throughout() -> None:
    found = energy_segments(bursts([(0.0, 0.5)], 0.5, floor_db=-70), RATE)
    assert found.to_pairs() == [(pytest.approx(0, abs=0.01), pytest.approx(0.5, abs=0.01))]


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(RATE, np.float32),
        np.random.default_rng(0).normal(0, 0.01, 3 * RATE).astype(np.float32),
    ],
    ids=["empty", "shorter than a level", "digital silence", "noise"],
)
def test_nothing_that_stands_out_is_no_speech(samples: NDArray[np.float32]) -> None:
    assert energy_segments(samples, RATE) == Timeline()


def test_short_gaps_are_speech_and_longer_ones_are_not() -> None:
    samples = bursts([(0.5, 1.0), (1.1, 1.5), (1.7, 2.2)], 3.0, floor_db=-60)
    assert len(energy_segments(samples, RATE, LabelRule(max_gap_s=0.15))) == 2
    assert len(energy_segments(samples, RATE, LabelRule(max_gap_s=0.3))) == 1
    assert len(energy_segments(samples, RATE, LabelRule(max_gap_s=0.05))) == 3


def test_short_bursts_are_dropped() -> None:
    samples = bursts([(0.5, 1.2), (2.0, 2.03)], 3.0, floor_db=-60)
    assert len(energy_segments(samples, RATE, LabelRule(min_speech_s=0.06))) == 1
    assert len(energy_segments(samples, RATE, LabelRule(min_speech_s=0.0))) == 2


def breathing(seconds: float, *, seed: int = 0) -> NDArray[np.float32]:
    """A pause of 0.9 s between two words, with a breath in its middle, 27 dB below them and 25 dB above the floor."""
    samples = bursts([(0.5, 1.1), (2.0, 2.6)], 3.2, floor_db=-75, seed=seed)
    breath = np.random.default_rng(seed).normal(0, 10 ** (-47 / 20), int(seconds * RATE)).astype(np.float32)
    first = int(1.55 * RATE) - len(breath) // 2
    samples[first : first + len(breath)] += breath
    return samples


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.5])
def test_a_breath_in_a_pause_is_no_speech(seconds: float) -> None:
    found = energy_segments(breathing(seconds), RATE)
    assert np.allclose(found.to_pairs(), [(0.5, 1.1), (2.0, 2.6)], atol=0.01)
    assert len(energy_segments(breathing(seconds), RATE, LabelRule(weak_range_db=35))) == 3


def test_a_breath_that_touches_words_leaves_the_pause_open() -> None:
    found = energy_segments(breathing(0.9), RATE)
    assert len(found) == 2
    assert len(energy_segments(breathing(0.9), RATE, LabelRule(weak_range_db=35))) == 1
    assert found[0].end == pytest.approx(1.1 + LabelRule().weak_s, abs=0.015)
    assert found[1].start == pytest.approx(2.0 - LabelRule().weak_s, abs=0.015)


@pytest.mark.parametrize("weak_s", [0.0, 0.04, 0.08])
def test_weak_starts_and_ends_of_words_are_speech(weak_s: float) -> None:
    samples = bursts([(0.5, 1.1)], 2.0, floor_db=-75)
    for first, last in ((0.42, 0.5), (1.1, 1.18)):
        weak = samples[int(first * RATE) : int(last * RATE)]
        weak += np.random.default_rng(1).normal(0, 10 ** (-47 / 20), len(weak)).astype(np.float32)
    (found,) = energy_segments(samples, RATE, LabelRule(weak_s=weak_s))
    assert (found.start, found.end) == (pytest.approx(0.5 - weak_s, abs=0.012), pytest.approx(1.1 + weak_s, abs=0.012))


def test_an_hour_takes_blocks_and_gives_what_one_block_does(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = bursts([(0.5, 1.0), (1.4, 2.0)], 3.0, floor_db=-60)
    whole = energy_segments(samples, RATE)
    monkeypatch.setattr("vad.labels.levels._BLOCK", 37)
    assert energy_segments(samples, RATE) == whole


@pytest.mark.parametrize("floor_db", [-75.0, -50.0])
def test_refined_boundaries_are_those_of_the_energy(floor_db: float) -> None:
    samples = bursts([(0.6, 1.2), (1.9, 2.5)], 3.2, floor_db=floor_db)
    rough = Timeline.from_pairs([(0.55, 1.29), (1.94, 2.44)])
    found = refined_segments(samples, RATE, rough)
    assert np.allclose(found.to_pairs(), [(0.6, 1.2), (1.9, 2.5)], atol=0.01)


def test_refined_speech_is_where_both_agree() -> None:
    samples = bursts([(0.6, 1.2), (1.9, 2.5), (3.0, 3.4)], 4.0, floor_db=-70)
    rough = Timeline.from_pairs([(0.5, 1.3), (1.4, 1.7), (3.0, 3.4)])
    found = refined_segments(samples, RATE, rough)
    assert np.allclose(found.to_pairs(), [(0.6, 1.2), (3.0, 3.4)], atol=0.01)


def test_refined_speech_has_the_pauses_of_its_energy() -> None:
    samples = bursts([(0.6, 1.2), (1.3, 1.6), (1.9, 2.5)], 3.0, floor_db=-70)
    found = refined_segments(samples, RATE, Timeline.from_pairs([(0.6, 2.5)]))
    assert np.allclose(found.to_pairs(), [(0.6, 1.6), (1.9, 2.5)], atol=0.01)


def test_over_a_loud_background_what_was_found_stays() -> None:
    samples = bursts([(0.6, 1.2)], 2.0, floor_db=-28)
    rough = Timeline.from_pairs([(0.5, 1.3)])
    assert refined_segments(samples, RATE, rough) == rough


@pytest.mark.parametrize("n_samples", [0, 100, RATE])
def test_nothing_found_is_nothing_refined(n_samples: int) -> None:
    assert refined_segments(np.zeros(n_samples, np.float32), RATE, Timeline()) == Timeline()


def test_pads_widen_within_the_recording() -> None:
    samples = bursts([(0.1, 0.9)], 1.0, floor_db=-60)
    found = energy_segments(samples, RATE, LabelRule(pad_start_s=0.05, pad_end_s=0.5))
    assert found.to_pairs() == [(pytest.approx(0.05, abs=0.01), 1.0)]


def test_other_sample_rates_give_the_same_times() -> None:
    samples = bursts([(0.5, 1.2)], 2.0, floor_db=-60)
    doubled = np.repeat(samples, 2)
    found, twice = energy_segments(samples, RATE), energy_segments(doubled, 2 * RATE)
    assert np.allclose(found.to_pairs(), twice.to_pairs(), atol=0.005)


def test_hand_labels_of_real_speech_agree(data_home: Path) -> None:
    from vad import audio
    from vad.manifests import read_manifest, resolve

    onsets, offsets, wrong, total = [], [], 0, 0
    for row in read_manifest(data_home / "manifests/labelled.dev.jsonl"):
        clip = resolve(row, data_home)
        if row.source != "emu-demo" or clip is None or row.speech is None:
            continue
        samples = audio.read(clip.path, offset_s=clip.offset_s, duration_s=clip.duration_s)
        found = energy_segments(samples, RATE)
        onsets.append(found[0].start - row.speech[0].start)
        offsets.append(min((s.end - row.speech[-1].end for s in found), key=abs))
        n_frames = GRID.count(len(samples))
        mine, theirs = (timeline_to_labels(t, n_frames, GRID)[0] for t in (found, row.speech))
        wrong, total = wrong + int(np.sum(mine != theirs)), total + n_frames
    assert abs(np.median(onsets)) < 0.01
    assert abs(np.median(offsets)) < 0.01
    assert wrong / total < 0.02
