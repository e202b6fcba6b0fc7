"""Laws of what tensorflow-io does here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from vad.data.tfio import decode, seed_graph, spec_augment

MASKS = {"time_masks": 1, "time_mask_frames": 10, "frequency_masks": 1, "frequency_mask_bands": 3}


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_16"), ("a.wav", "FLOAT"), ("a.flac", "PCM_16"), ("a.mp3", "MPEG_LAYER_III"), ("a.ogg", "VORBIS")],
)
def test_recordings_are_decoded_as_by_soundfile(tmp_path: Path, name: str, subtype: str) -> None:
    path = tmp_path / name
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, (9000, 2)), 22050, subtype=subtype)
    wanted, _ = soundfile.read(path, dtype="float32")
    found = decode(path)
    assert found is not None and found[1] == 22050
    assert found[0].dtype == np.float32 and np.allclose(found[0], wanted, atol=1e-5)


def test_other_formats_are_left_to_others(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.ogg", np.zeros(16000), 16000, subtype="OPUS")
    assert decode(tmp_path / "a.ogg") is None


def test_what_is_no_audio_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no audio")
    assert decode(tmp_path / "a.wav") is None


def masked(seed: int) -> np.ndarray:
    frames = tf.random.stateless_normal((50, 8), [1, 2])

    def change(_: tf.Tensor) -> tf.Tensor:
        seed_graph(seed)
        return spec_augment(frames, **MASKS)

    return np.stack(list(tf.data.Dataset.range(40).map(change).as_numpy_iterator()))


def test_masks_hang_on_the_seed_alone_and_differ_between_excerpts() -> None:
    tf.random.set_seed(1)
    first = masked(5)
    tf.random.set_seed(2)
    assert np.array_equal(first, masked(5))
    assert not np.array_equal(first, masked(6))
    assert len({each.tobytes() for each in first}) > 30


def test_masks_are_the_mean_and_no_larger_than_asked() -> None:
    frames = tf.random.stateless_normal((50, 8), [1, 2]).numpy()
    mean = frames.mean()
    for each in masked(5):
        hidden = np.isclose(each, mean, atol=1e-5)
        assert np.allclose(each[~hidden], frames[~hidden], atol=1e-5)
        rows, columns = hidden.all(axis=1).sum(), hidden.all(axis=0).sum()
        assert rows <= 10 and columns <= 3
