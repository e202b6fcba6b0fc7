"""Batches for training and for choosing a model, from shards or mixed on the fly.

Everything random hangs on the config's seed and the number of the epoch: an interrupted training that resumes sees
the batches that it would have seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config import Config
from vad.data.engine import has_engine
from vad.data.index import ShardIndex
from vad.data.lanes import by_absence
from vad.data.live import LiveMixtures
from vad.data.shards import Progress, excerpt_count, prepare
from vad.data.spectral import amplified, random_cut, random_gains, random_warp
from vad.data.targets import targets
from vad.data.tfio import seed_graph, spec_augment
from vad.errors import ConfigError

_FILES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Mixtures:
    """The mixtures of one split, stored or yet to be mixed.

    Attributes:
        config: the whole config.
        split: ``train`` or ``dev``.
        source: the shards, or what mixes on the fly.
    """

    config: Config
    split: str
    source: ShardIndex | LiveMixtures

    @property
    def epoch_excerpts(self) -> int:
        """How many excerpts an epoch sees."""
        return _epoch_excerpts(self.config, self.split)

    @property
    def batch_size(self) -> int:
        """Excerpts in a batch: the config's, or all of an epoch where there are fewer."""
        return _batch_size(self.config, self.split)

    def steps(self, *, carry_state: bool = False) -> int:
        """Returns how many batches a training epoch has; what fills no batch is left to another epoch."""
        return epoch_steps(self.config, self.split, carry_state=carry_state)

    def training(self, epoch: int, *, carry_state: bool = False) -> tf.data.Dataset:
        """Returns the augmented batches of an epoch, the same ones whenever it is asked.

        Args:
            epoch: number of the epoch, from 0.
            carry_state: whether batches are consecutive windows of the same excerpts, in order.

        Returns:
            Features float32 (batch, time, n_mels), labels float32 (batch, time), between 0 and 1 where an engine has a
            say in them, weights float32 (batch, time), of cuts of `crop_s`; with `carry_state` also resets, bool
            (batch,): where the state starts anew.
        """
        pipeline, spec = self.config.data.pipeline, self.config.features
        seed = _epoch_seed(self.config.training_seed, self.split, epoch)
        crop = _crop_frames(self.config)

        def changed(
            index: tf.Tensor, tensors: tuple[tf.Tensor, tf.Tensor, tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            # Gains take the next two seeds as well, so that those of one excerpt are ten apart.
            own = tf.stack([tf.constant(seed, tf.int64), index * 10])
            frames, labels, mask = tensors if carry_state else random_cut(tensors, crop, own)
            if pipeline.warp:
                frames = random_warp(frames, pipeline.warp, spec, own + tf.constant([0, 5], tf.int64))
            gains = random_gains(pipeline, spec.n_mels, own + tf.constant([0, 1], tf.int64))
            return amplified(frames, gains, spec), labels, mask

        def masked(frames: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            seed_graph(seed)
            return _masked(frames, pipeline), labels, mask

        excerpts = self._epoch(epoch, seed).enumerate()
        dataset = excerpts.map(changed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        if pipeline.time_masks or pipeline.frequency_masks:
            dataset = dataset.map(masked)
        dataset = dataset.map(self._delayed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        dataset = dataset.batch(self.batch_size, drop_remainder=True)
        if carry_state:
            if pipeline.absence_excerpts is not None:
                dataset = by_absence(dataset, pipeline.absence_excerpts, seed)
            dataset = self._windowed(dataset, crop, seed)
        return dataset.prefetch(tf.data.AUTOTUNE)

    def scoring(self) -> tf.data.Dataset:
        """Returns whole excerpts in their order, nothing changed: (features, labels, weights) as in `training`."""
        dataset = self._stored(list(range(excerpt_count(self.config, self.split))))
        dataset = dataset.map(self._delayed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return dataset.batch(self.batch_size).prefetch(tf.data.AUTOTUNE)

    def statistics(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns mean and standard deviation of each mel band, float32 (n_mels,), before any augmentation."""
        if isinstance(self.source, ShardIndex):
            return self.source.statistics()
        return self.source.statistics(excerpt_count(self.config, self.split))

    def _epoch(self, epoch: int, seed: int) -> tf.data.Dataset:
        """Returns the shuffled excerpts of an epoch; epochs go on where the last one ended."""
        total, size = excerpt_count(self.config, self.split), self.epoch_excerpts
        first = epoch * size
        chosen = [index % total for index in range(first, first + size)]
        order = np.random.default_rng(seed).permutation(len(chosen))
        if isinstance(self.source, LiveMixtures):
            return self.source.dataset(tf.data.Dataset.from_tensor_slices(np.array(chosen, np.int64)[order]))
        buffer = self.config.data.pipeline.shuffle_excerpts
        return self._stored(chosen, seed).shuffle(buffer, seed=seed, reshuffle_each_iteration=False)

    def _stored(self, chosen: Sequence[int], seed: int | None = None) -> tf.data.Dataset:
        """Returns excerpts by index; with a seed their files come in random order, several at once."""
        if isinstance(self.source, LiveMixtures):
            return self.source.dataset(tf.data.Dataset.from_tensor_slices(np.array(chosen, np.int64)))
        ranges = _ranges(self.source, chosen)
        if seed is not None:
            ranges = [ranges[i] for i in np.random.default_rng(seed).permutation(len(ranges))]
        names, firsts, counts = zip(*ranges, strict=True)
        files = tf.data.Dataset.from_tensor_slices((list(names), np.array(firsts), np.array(counts)))

        def records(name: tf.Tensor, first: tf.Tensor, count: tf.Tensor) -> tf.data.Dataset:
            return tf.data.TFRecordDataset(name).skip(first).take(count)

        dataset = files.interleave(
            records,
            cycle_length=_FILES_AT_ONCE if seed is not None else 1,
            num_parallel_calls=tf.data.AUTOTUNE if seed is not None else None,
            deterministic=True if seed is not None else None,
        )
        return dataset.map(self._parsed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def _parsed(self, record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        has_voice = has_engine(self.config, self.split)
        names = ("frames", "labels", "mask", *(["engine"] if has_voice else []))
        found = tf.io.parse_single_example(record, {name: tf.io.FixedLenFeature((), tf.string) for name in names})
        n_mels = self.config.features.n_mels
        frames = tf.reshape(tf.io.decode_raw(found["frames"], tf.float16), (-1, n_mels))
        labels = tf.io.decode_raw(found["labels"], tf.uint8)
        if has_voice:
            voice = tf.io.decode_raw(found["engine"], tf.uint8)
            labels = targets(labels, voice, self.config)
        return tf.cast(frames, tf.float32), labels, tf.io.decode_raw(found["mask"], tf.uint8)

    def _delayed(self, frames: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Delays labels by the look-ahead: step t is judged by the label of frame t - lookahead."""
        ahead = self.config.model.lookahead_frames
        length = tf.shape(labels)[0]

        def shifted(values: tf.Tensor) -> tf.Tensor:
            return tf.cast(tf.pad(values, [[ahead, 0]])[:length], tf.float32)

        return frames, shifted(labels), shifted(mask)

    def _windowed(self, batches: tf.data.Dataset, crop: int, seed: int) -> tf.data.Dataset:
        windows, share = _windows(self.config), self.config.data.pipeline.reset_share
        numbers = tf.range(windows)

        def cut(index: tf.Tensor, tensors: tuple[tf.Tensor, ...]) -> tf.data.Dataset:
            size = tf.shape(tensors[0])[0]
            chance = tf.random.stateless_uniform((size,), tf.stack([tf.constant(seed, tf.int64), index]))
            fresh = tf.logical_or(chance < share, index == 0)
            return tf.data.Dataset.from_tensor_slices(numbers).map(
                lambda k: (
                    *(values[:, k * crop : (k + 1) * crop] for values in tensors),
                    tf.logical_and(fresh, k == 0),
                )
            )

        return batches.enumerate().flat_map(cut)


def epoch_steps(config: Config, split: str, *, carry_state: bool = False) -> int:
    """Returns how many batches a training epoch has, whether its excerpts are mixed yet or not.

    Args:
        config: the whole config.
        split: ``train`` or ``dev``.
        carry_state: as for `Mixtures.training`.

    Raises:
        ConfigError: when `split` is another one.
    """
    per_excerpt = _windows(config) if carry_state else 1
    return _epoch_excerpts(config, split) // _batch_size(config, split) * per_excerpt


def _epoch_excerpts(config: Config, split: str) -> int:
    total = excerpt_count(config, split)
    hours = config.data.pipeline.epoch_hours
    if split != "train" or hours is None:
        return total
    return min(total, max(1, math.ceil(hours * 3600 / config.data.mixing.excerpt_s - 1e-9)))


def _batch_size(config: Config, split: str) -> int:
    return min(config.data.pipeline.batch_size, _epoch_excerpts(config, split))


def _crop_frames(config: Config) -> int:
    crop_s = config.data.pipeline.crop_s
    return max(1, config.features.grid.frames_in(config.data.mixing.excerpt_s if crop_s is None else crop_s))


def _windows(config: Config) -> int:
    return max(1, config.features.grid.frames_in(config.data.mixing.excerpt_s) // _crop_frames(config))


def open_mixtures(config: Config, split: str, *, jobs: int | None = None, progress: Progress | None = None) -> Mixtures:
    """Opens the mixtures of a split, making shards that are missing.

    Args:
        config: the whole config.
        split: ``train`` or ``dev``.
        jobs: processes that make shards; None takes all cores.
        progress: is told what is done.

    Raises:
        ConfigError: when data are missing or `split` is another one.
        FingerprintError: when `data.shards_dir` holds shards of another config.
    """
    excerpt_count(config, split)
    if config.data.source == "audio":
        return Mixtures(config, split, LiveMixtures(config, split))
    return Mixtures(config, split, prepare(config, (split,), jobs=jobs, progress=progress)[split])


def make_dataset(
    config: Config, split: str, *, training: bool, epoch: int = 0, carry_state: bool = False
) -> tf.data.Dataset:
    """Opens a split and returns one dataset of it; who wants several epochs keeps what `open_mixtures` gives.

    Args:
        config: the whole config.
        split: ``train`` or ``dev``.
        training: shuffled, cut and augmented, or whole and as stored.
        epoch: which epoch of a training.
        carry_state: as for `Mixtures.training`.

    Returns:
        As `Mixtures.training` and `Mixtures.scoring`.

    Raises:
        ConfigError: when state is to be carried without training.
    """
    if carry_state and not training:
        raise ConfigError("carry_state needs training=True; received training=False")
    mixtures = open_mixtures(config, split)
    return mixtures.training(epoch, carry_state=carry_state) if training else mixtures.scoring()


def statistics(config: Config) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns mean and standard deviation of each mel band over the training mixtures, float32 (n_mels,)."""
    return open_mixtures(config, "train").statistics()


def _masked(frames: tf.Tensor, pipeline: Any) -> tf.Tensor:
    return spec_augment(
        frames,
        time_masks=pipeline.time_masks,
        time_mask_frames=pipeline.time_mask_frames,
        frequency_masks=pipeline.frequency_masks,
        frequency_mask_bands=pipeline.frequency_mask_bands,
    )


def _epoch_seed(seed: int, split: str, epoch: int) -> int:
    words = np.random.SeedSequence([seed, *split.encode(), epoch]).generate_state(1)
    return int(words[0]) & 0x7FFFFFFF


def _ranges(index: ShardIndex, chosen: Sequence[int]) -> list[tuple[str, int, int]]:
    """Returns (file, first record, number of records) of excerpts that follow one another, round the end too."""
    wanted = np.unique(np.asarray(chosen, np.int64))
    ranges, start = [], 0
    for shard in (index.shards[name] for name in sorted(index.shards)):
        stop = start + shard.excerpts
        inside = wanted[slice(*np.searchsorted(wanted, (start, stop)))].tolist()
        # An epoch that goes round the end takes two stretches of the shard it starts in.
        for block in _blocks(inside):
            ranges.append((str(index.folder / shard.name), block[0] - start, len(block)))
        start = stop
    return ranges


def _blocks(indices: Sequence[int]) -> list[list[int]]:
    blocks: list[list[int]] = []
    for index in indices:
        if blocks and index == blocks[-1][-1] + 1:
            blocks[-1].append(index)
        else:
            blocks.append([index])
    return blocks
