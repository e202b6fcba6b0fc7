"""Shards: excerpts mixed once and stored as TFRecords of log-mel frames, labels and masks.

The name and the bytes of a shard depend on the config alone, never on how many processes made it. A shard appears
under its name when it is whole, and the index lists it with its checksum: what an interruption leaves behind is
either good or made anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from vad.config import Config
from vad.data.corpus import Corpus, corpus_digests, load_corpus
from vad.data.engine import engine_voice
from vad.data.index import Shard, ShardIndex
from vad.data.workers import Batch, Job, mixed_batches
from vad.errors import ConfigError
from vad.files import replacing
from vad.manifests import cache_home

# Raised whenever the same config would give other excerpts than before.
MIXER_VERSION = 4

Progress = Callable[[str, int, int], None]
"""Called with the split, excerpts done and excerpts wanted."""

Mix = Callable[[Config, Mapping[str, Corpus], Sequence[Job]], Generator[Batch, None, None]]
"""Mixes jobs and yields their batches as they are done, in any order."""

_log = logging.getLogger(__name__)


def prepare(
    config: Config,
    splits: Sequence[str] = ("train", "dev"),
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    mix: Mix | None = None,
) -> dict[str, ShardIndex]:
    """Makes the shards that are not there yet.

    Args:
        config: the whole config.
        splits: ``train``, ``dev`` or both.
        jobs: processes; None takes all cores, 1 works in this process.
        progress: is told what is done.
        mix: does the mixing instead of this machine's processes, such as a cluster; `jobs` is then without effect.

    Returns:
        The index of each split, holding exactly the shards that the config asks for.

    Raises:
        ConfigError: when the data section cannot act or `jobs` is below 1.
        ManifestError: when a manifest is wrong or audio is missing.
        FingerprintError: when `data.shards_dir` holds shards of another config.
        MissingDependencyError: when the engine of `data.engine` is not installed.
    """
    if jobs is not None and jobs < 1:
        raise ConfigError(f"jobs must be at least 1; received {jobs}")
    mix = partial(mixed_batches, jobs=jobs) if mix is None else mix
    origin = shard_origin(config)
    indexes = {split: ShardIndex(shards_dir(config, origin), split, config.features, origin) for split in splits}
    wanted = {split: _wanted(config, split) for split in splits}
    todo: dict[str, list[Job]] = {}
    for split, index in indexes.items():
        index.load()
        _drop_bad(index, wanted[split])
        todo[split] = [job for name, job in wanted[split].items() if name not in index.shards]
    # All of them before the first is mixed: audio that is missing of the last split is not news for hours later.
    corpora = {split: load_corpus(config.data, split) for split, jobs_left in todo.items() if jobs_left}
    for split in corpora:
        engine_voice(config, split)  # what is missing is said here, not by a process that dies of it
    for split, index in indexes.items():
        total = sum(job.count for job in wanted[split].values())
        done = total - sum(job.count for job in todo[split])
        if progress is not None:
            progress(split, done, total)
        if split in corpora:
            with closing(_written(config, index, corpora[split], todo[split], mix)) as written:
                for shard in written:
                    done += shard.excerpts
                    if progress is not None:
                        progress(split, done, total)
        indexes[split] = index.only(list(wanted[split]))
    return indexes


def shard_origin(config: Config) -> dict[str, Any]:
    """Returns all that decides the bytes of shards besides the front-end, as it is written into their index."""
    data = config.data
    return {
        "mixer": MIXER_VERSION,
        "seed": config.seed,
        "corpus": corpus_digests(data, ("train", "dev")),
        "labels": json.loads(_canonical(data.model_dump(mode="json")["labels"])),
        "mixing": data.mixing.model_dump(mode="json"),
        # Left out where there is none: shards without one are what they were before there were any.
        **({} if data.engine is None else {"engine": data.engine}),
    }


def shards_dir(config: Config, origin: dict[str, Any] | None = None) -> Path:
    """Returns the folder of the shards: the config's, else one of the user's cache by name and fingerprint."""
    if config.data.shards_dir is not None:
        return config.data.shards_dir
    made_from = shard_origin(config) if origin is None else origin
    text = config.features.fingerprint + _canonical(made_from)
    return cache_home() / "shards" / f"{config.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def excerpt_count(config: Config, split: str) -> int:
    """Returns how many excerpts the hours of a split are.

    Raises:
        ConfigError: when `split` is neither ``train`` nor ``dev``.
    """
    hours = {"train": config.data.hours.train, "dev": config.data.hours.dev}
    if split not in hours:
        raise ConfigError(f"there are mixtures of the splits train and dev; received {split!r}")
    return max(1, math.ceil(hours[split] * 3600 / config.data.mixing.excerpt_s - 1e-9))


def _wanted(config: Config, split: str) -> dict[str, Job]:
    """Returns the shards that a config asks for, by name."""
    size, total = config.data.excerpts_per_shard, excerpt_count(config, split)
    jobs = [Job(split, first, min(size, total - first)) for first in range(0, total, size)]
    return {f"{split}-{job.first:07d}-{job.count}.tfrecord": job for job in jobs}


def _drop_bad(index: ShardIndex, wanted: dict[str, Job]) -> None:
    """Forgets shards of the index that are wanted, but gone or not what their checksum says."""
    for name in [name for name in index.shards if name in wanted]:
        path = index.folder / name
        if not path.is_file():
            del index.shards[name]
        elif _sha256(path) != index.shards[name].sha256:
            _log.warning("%s: does not match its checksum; it is made anew", path)
            del index.shards[name]


def _written(
    config: Config, index: ShardIndex, corpus: Corpus, todo: list[Job], mix: Mix
) -> Generator[Shard, None, None]:
    """Makes shards and yields each one when it is in place and listed."""
    corpora = {index.split: corpus}
    names = {job: name for name, job in _wanted(config, index.split).items()}
    with closing(mix(config, corpora, todo)) as batches:
        for batch in batches:
            path = index.folder / names[batch.job]
            with replacing(path) as temporary:
                _write_records(temporary, batch)
                digest = _sha256(temporary)
            shard = Shard(
                name=path.name,
                sha256=digest,
                excerpts=batch.job.count,
                frames=sum(len(labels) for labels in batch.labels),
                speech_frames=sum(int(labels.sum()) for labels in batch.labels),
                sums=batch.sums,
                squares=batch.squares,
            )
            index.shards[shard.name] = shard
            index.write()
            yield shard


def _write_records(path: Path, batch: Batch) -> None:
    import tensorflow as tf

    def feature(content: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))

    with tf.io.TFRecordWriter(str(path)) as writer:
        for index, (frames, labels, mask) in enumerate(zip(batch.frames, batch.labels, batch.masks, strict=True)):
            fields = {
                "frames": feature(frames.astype("<f2").tobytes()),
                "labels": feature(labels.tobytes()),
                "mask": feature(mask.tobytes()),
            }
            if batch.voices is not None:
                fields["engine"] = feature(batch.voices[index].tobytes())
            writer.write(
                tf.train.Example(features=tf.train.Features(feature=fields)).SerializeToString(deterministic=True)
            )


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
