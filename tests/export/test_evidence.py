"""Laws of the sound that models are proved on: real speech where there is some, labels that lie on it."""

from __future__ import annotations

import numpy as np
import pytest

from vad.errors import ModelError
from vad.export.evidence import find_evidence, find_rows, generate_voice, real_speech
from vad.frames import FrameGrid


@pytest.fixture(scope="module")
def rows(repository):
    return find_rows([repository / "data_manifests" / "tiny.jsonl.gz"])


def test_speech_and_pauses_are_told_apart(rows):
    evidence = find_evidence(rows, 16000)
    labels = evidence.labels(FrameGrid())
    assert evidence.origin.endswith("recordings of the dev split, half of them in noise")
    assert labels.shape == (FrameGrid().count(len(evidence.samples)),)
    assert 0.2 < labels.mean() < 0.9
    assert np.abs(evidence.samples).max() <= 1
    power = evidence.samples[: len(labels) * 160].reshape(-1, 160).astype(float).var(axis=1)
    assert power[labels].mean() > 10 * power[~labels].mean()


def test_what_is_proved_on_is_not_what_is_calibrated_on(rows):
    proved, calibrated = find_evidence(rows, 16000), real_speech(rows, 16000)
    assert "train split" in calibrated.origin
    assert len(calibrated.samples) > 30 * 16000
    assert not np.array_equal(proved.samples[:16000], calibrated.samples[:16000])


def test_without_a_corpus_a_voice_is_generated_and_nothing_calibrated():
    assert "generated voice" in find_evidence([], 16000).origin
    assert find_evidence([], 16000).speech.speech_s > 1
    with pytest.raises(ModelError, match=r"calibrated on real speech, and none .*--manifest"):
        real_speech([], 16000)


def test_the_corpora_of_the_data_home_come_first(data_home):
    evidence = find_evidence(find_rows([data_home / "manifests" / "speech.dev.jsonl"]), 16000)
    assert evidence.origin.endswith("recordings of the dev split")
    assert len(evidence.samples) > 60 * 16000


def test_a_run_far_from_its_corpora_takes_what_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path))
    assert any(row.kind == "speech" for row in find_rows([tmp_path / "gone" / "*.jsonl"]))


def test_generated_voice_is_finite_and_repeatable():
    samples = generate_voice(16000)
    assert samples.dtype == np.float32
    assert 0.1 < np.abs(samples).max() <= 1
    np.testing.assert_array_equal(samples, generate_voice(16000))
