"""Laws of the places: the same excerpts in every batch, and those without speech behind one another."""

from __future__ import annotations

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from vad.data.lanes import by_absence  # noqa: E402

BATCHES, SIZE, ABSENT, TIME = 400, 16, 5, 3


def batches() -> tuple[np.ndarray, tf.data.Dataset]:
    rng = np.random.default_rng(0)
    speech = rng.permuted(np.tile(np.arange(SIZE) >= ABSENT, (BATCHES, 1)), axis=1)
    labels = np.repeat(speech[:, :, np.newaxis], TIME, axis=2).astype(np.float32)
    names = np.arange(BATCHES * SIZE, dtype=np.float32).reshape(BATCHES, SIZE, 1, 1)
    features = np.broadcast_to(names, (BATCHES, SIZE, TIME, 1)).copy()
    return speech, tf.data.Dataset.from_tensor_slices((features, labels, np.ones_like(labels)))


def run_lengths(absent: np.ndarray) -> list[int]:
    """Lengths of the stretches of True in each column."""
    lengths = []
    for lane in absent.T:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], lane.astype(int), [0]])))
        lengths.extend(edges[1::2] - edges[::2])
    return lengths


def test_each_batch_keeps_its_excerpts_with_their_labels():
    speech, dataset = batches()
    for index, (features, labels, weights) in enumerate(by_absence(dataset, 4.0, seed=1).as_numpy_iterator()):
        names = features[:, 0, 0].astype(int)
        assert sorted(names) == list(range(index * SIZE, (index + 1) * SIZE))
        np.testing.assert_array_equal(labels[:, 0] > 0, speech.reshape(-1)[names])
        assert weights.shape == (SIZE, TIME)


@pytest.mark.parametrize("wanted", [3.0, 8.0])
def test_absences_last_as_long_as_asked(wanted):
    speech, dataset = batches()
    absent = np.array([labels[:, 0] == 0 for _, labels, _ in by_absence(dataset, wanted, seed=1).as_numpy_iterator()])
    assert np.mean(run_lengths(~speech)) < 2
    assert np.mean(run_lengths(absent)) == pytest.approx(wanted, rel=0.15)


def test_frames_without_a_label_are_no_speech():
    _, dataset = batches()
    muted = dataset.map(lambda features, labels, weights: (features, labels, weights * 0.0))
    first = next(iter(by_absence(muted, 4.0, seed=1).as_numpy_iterator()))
    names = first[0][:, 0, 0]
    np.testing.assert_array_equal(np.sort(names), np.arange(SIZE))


def test_the_same_seed_gives_the_same_places():
    _, dataset = batches()
    first, second, other = (
        np.array([features[:, 0, 0] for features, _, _ in by_absence(dataset, 4.0, seed=seed).as_numpy_iterator()])
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
