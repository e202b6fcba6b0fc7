"""Laws of batches."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from vad.config import Config
from vad.data.index import Shard, ShardIndex
from vad.data.pipeline import Mixtures, _ranges, make_dataset, open_mixtures, statistics
from vad.errors import ConfigError
from vad.features.spec import FeatureSpec

PLAIN = {
    "pipeline__equalizer_db": 0.0,
    "pipeline__level_shift_db": [0.0, 0.0],
    "pipeline__time_masks": 0,
    "pipeline__frequency_masks": 0,
}
Arrays = list[tuple[NDArray[np.float32], ...]]


@pytest.fixture
def mixtures(toy_config: Callable[..., Config]) -> Callable[..., Mixtures]:
    return lambda split="train", **changes: open_mixtures(toy_config(**changes), split, jobs=1)


def batches(dataset: tf.data.Dataset) -> Arrays:
    return [tuple(part.numpy() for part in batch) for batch in dataset]


def equal(left: Arrays, right: Arrays) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b) for one, other in zip(left, right, strict=True) for a, b in zip(one, other, strict=True)
    )


def test_batches_have_the_shapes_that_models_take(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures()
    epoch = batches(found.training(0))
    assert len(epoch) == found.steps() == 3
    for features, labels, weights in epoch:
        assert features.shape == (4, 200, 40) and labels.shape == weights.shape == (4, 200)
        assert {part.dtype for part in (features, labels, weights)} == {np.dtype(np.float32)}
        assert np.all(np.isfinite(features)) and set(np.unique(labels)) <= {0, 1}
    spec = found.training(0).element_spec
    assert [part.shape.rank for part in spec] == [3, 2, 2]


def test_an_epoch_is_the_same_whenever_it_is_asked(mixtures: Callable[..., Mixtures]) -> None:
    first, second = mixtures(), mixtures()
    assert equal(batches(first.training(3)), batches(second.training(3)))
    resumed = batches(second.training(3).skip(1))
    assert equal(resumed, batches(first.training(3))[1:])
    assert not equal(batches(first.training(3)), batches(first.training(4)))


def test_labels_are_delayed_by_the_lookahead(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures("dev")
    ahead = found.config.model.lookahead_frames
    undelayed = batches(found._stored(range(5)).batch(5))[0]
    features, labels, weights = (np.concatenate(parts) for parts in zip(*batches(found.scoring()), strict=True))
    assert ahead > 0 and features.shape == (5, 400, 40)
    assert np.array_equal(features, undelayed[0])
    assert np.array_equal(labels[:, ahead:], undelayed[1][:, :-ahead])
    assert np.all(weights[:, :ahead] == 0) and np.all(weights[:, ahead:] == 1)


def test_cuts_keep_frames_and_labels_together(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures(**PLAIN)
    ahead = found.config.model.lookahead_frames
    whole = batches(found._stored(range(12)).batch(12))[0]
    for features, labels, _ in batches(found.training(1)):
        for cut, label in zip(features, labels, strict=True):
            gaps = np.abs(whole[0][:, :, :3] - cut[100, :3]).sum(axis=2)
            excerpt, frame = np.unravel_index(np.argmin(gaps), gaps.shape)
            if np.sum(gaps < 1e-3) == 1:
                first = frame - 100
                assert np.allclose(whole[0][excerpt, first : first + 200], cut, atol=5e-3)
                assert np.array_equal(whole[1][excerpt, first : first + 200 - ahead], label[ahead:])


def test_a_warp_moves_frames_of_the_training_alone(mixtures: Callable[..., Mixtures]) -> None:
    plain, warped = mixtures(**PLAIN), mixtures(**PLAIN, pipeline__warp=0.3)
    for (a, *rest), (b, *same) in zip(batches(plain.training(0)), batches(warped.training(0)), strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(rest, same, strict=True))
        assert np.mean(np.abs(a - b), axis=(1, 2)).min() > 1e-3
        assert np.all(np.isfinite(b)) and np.ptp(b) <= np.ptp(a) + 1e-3
    assert equal(batches(warped.training(0)), batches(warped.training(0)))
    assert not equal(batches(warped.training(0)), batches(warped.training(1)))
    assert equal(batches(mixtures("dev", **PLAIN).scoring()), batches(mixtures("dev", pipeline__warp=0.3).scoring()))


def test_an_epoch_of_fewer_hours_goes_on_where_the_last_one_ended(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures(**PLAIN, pipeline__epoch_hours=8 * 4 / 3600, pipeline__crop_s=None)
    assert (found.epoch_excerpts, found.steps()) == (8, 2)
    whole = batches(found._stored(range(12)).batch(12))[0][0].reshape(12, -1)

    def seen(epoch: int) -> set[int]:
        cuts = np.concatenate([batch[0] for batch in batches(found.training(epoch))]).reshape(8, -1)
        return {int(np.argmin(np.abs(whole - cut).max(axis=1))) for cut in cuts}

    assert len(seen(0)) >= 7
    assert seen(0) <= set(range(8))
    assert seen(1) <= {8, 9, 10, 11, 0, 1, 2, 3}


def test_carried_batches_are_consecutive_windows(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures(**PLAIN, pipeline__crop_s=1.0, pipeline__reset_share=0.5)
    epoch = batches(found.training(0, carry_state=True))
    assert len(epoch) == found.steps(carry_state=True) == 12
    whole = batches(found._stored(range(12)).batch(12))[0][0].reshape(12, -1)
    for start in range(0, 12, 4):
        joined = np.concatenate([features for features, *_ in epoch[start : start + 4]], axis=1).reshape(4, -1)
        assert all(np.min(np.abs(whole - row).max(axis=1)) < 5e-3 for row in joined)
        assert all(resets.shape == (4,) and resets.dtype == bool for *_, resets in epoch)
        assert not any(resets.any() for *_, resets in epoch[start + 1 : start + 4])
    assert epoch[0][3].all()
    assert equal(epoch, batches(found.training(0, carry_state=True)))


def test_fewer_excerpts_than_a_batch_make_one_batch(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures(hours__train=2 * 4 / 3600)
    assert found.steps() == 1
    assert batches(found.training(0))[0][0].shape[0] == 2


def test_statistics_are_those_of_the_stored_frames(mixtures: Callable[..., Mixtures]) -> None:
    found = mixtures()
    frames = batches(found._stored(range(12)).batch(12))[0][0].reshape(-1, 40).astype(np.float64)
    mean, deviation = statistics(found.config)
    assert np.allclose(mean, frames.mean(axis=0), atol=1e-4)
    assert np.allclose(deviation, frames.std(axis=0), atol=1e-4)


def test_both_sources_give_the_same_features(mixtures: Callable[..., Mixtures]) -> None:
    stored = batches(mixtures("dev").scoring())
    mixed = batches(mixtures("dev", source="audio").scoring())
    for (a, *stored_labels), (b, *mixed_labels) in zip(stored, mixed, strict=True):
        assert np.max(np.abs(a - b)) < 1e-2
        assert all(np.array_equal(x, y) for x, y in zip(stored_labels, mixed_labels, strict=True))


def test_the_source_audio_trains_and_has_statistics(mixtures: Callable[..., Mixtures]) -> None:
    live, stored = mixtures(source="audio"), mixtures()
    assert equal(batches(live.training(2)), batches(live.training(2)))
    assert live.steps() == stored.steps() == len(batches(live.training(0)))
    for one, other in zip(live.statistics(), stored.statistics(), strict=True):
        assert np.allclose(one, other, atol=1e-3)


def test_one_call_gives_a_dataset(toy_config: Callable[..., Config]) -> None:
    config = toy_config()
    assert len(batches(make_dataset(config, "train", training=True, epoch=1))) == 3
    assert batches(make_dataset(config, "dev", training=False))[0][0].shape == (4, 400, 40)
    with pytest.raises(ConfigError, match="carry_state"):
        make_dataset(config, "dev", training=False, carry_state=True)
    with pytest.raises(ConfigError, match="test"):
        make_dataset(config, "test", training=False)


def shards(*sizes: int) -> ShardIndex:
    names = [f"train-{number:07d}.tfrecord" for number in range(len(sizes))]
    made = {name: Shard(name, "", size, 0, 0, (), ()) for name, size in zip(names, sizes, strict=True)}
    return ShardIndex(Path("folder"), "train", FeatureSpec(), {}, made)


def test_ranges_hold_the_chosen_excerpts_once_and_in_order() -> None:
    index = shards(5, 1, 5, 5)
    places = [(name, i) for name in sorted(index.shards) for i in range(index.shards[name].excerpts)]
    for chosen in ([], [0], range(16), [13, 14, 15, 0, 1], [4, 5, 6, 4], [1, 3, 7, 15]):
        found = [
            (Path(name).name, i) for name, first, count in _ranges(index, chosen) for i in range(first, first + count)
        ]
        assert found == [places[i] for i in sorted(set(chosen))]


def test_ranges_of_thousands_of_shards_take_no_time() -> None:
    begun = time.process_time()
    assert len(_ranges(shards(*[40] * 5000), range(200_000))) == 5000
    assert time.process_time() - begun < 3
