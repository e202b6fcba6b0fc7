"""Labels against known boundaries: what is measured, and that the known boundaries are where speech is."""

from __future__ import annotations

import ctypes.util
from types import ModuleType

import numpy as np
import pytest

from vad.segments import Timeline

_RATE = 16000
SPOKEN = Timeline.from_pairs([(0.5, 1.0), (1.3, 2.0), (2.1, 2.5)])


@pytest.fixture(scope="module")
def labels(scripts: dict[str, ModuleType]) -> ModuleType:
    return scripts["labels"]


@pytest.fixture(scope="module")
def references(scripts: dict[str, ModuleType]) -> ModuleType:
    return scripts["label_references"]


def take(references: ModuleType) -> object:
    time = np.arange(3 * _RATE) / _RATE
    inside = np.any([(time >= s.start) & (time < s.end) for s in SPOKEN], axis=0)
    return references.Take("tone", np.where(inside, np.sin(700 * time), 0).astype(np.float32), SPOKEN)


def test_short_pauses_are_speech(labels: ModuleType) -> None:
    assert labels.joined(SPOKEN).to_pairs() == [(0.5, 1.0), (1.3, 2.5)]


def test_errors_are_estimate_minus_reference(labels: ModuleType, references: ModuleType) -> None:
    late = Timeline.from_pairs([(0.53, 1.01), (1.33, 2.51)])
    onset, offset, wrong, missed, pauses = labels.row([take(references)], lambda _: late)
    assert onset.startswith("+30 ") and offset.startswith("+10 ")
    assert wrong == f"{0.08 / 3:.1%}" and missed == f"{0.06 / 1.7:.1%}" and pauses == "100%"


def test_noise_lies_as_far_below_as_asked(references: ModuleType) -> None:
    clean = take(references)
    [same], [noisy] = list(references.with_noise([clean], None)), list(references.with_noise([clean], 20.0))
    assert same is clean and noisy.speech is clean.speech
    added = noisy.samples - clean.samples
    below = 10 * np.log10(np.mean(added**2) / 0.5)
    assert below == pytest.approx(-20.0, abs=0.3)


@pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="needs the library of espeak-ng")
def test_a_synthesizer_tells_where_it_speaks(references: ModuleType) -> None:
    takes = references.spoken_takes()
    assert len(takes) > 10
    for spoken in takes:
        inside = np.zeros(spoken.samples.size, bool)
        for segment in spoken.speech:
            inside[round((segment.start - 0.02) * _RATE) : round((segment.end + 0.02) * _RATE)] = True
        power = spoken.samples.astype(np.float64) ** 2
        assert power[~inside].sum() < 0.02 * power.sum(), spoken.name
