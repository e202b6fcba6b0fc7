"""A training's batches from the data that its config names."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from vad.config import Config
from vad.data.corpus import usable_rows
from vad.data.index import ShardIndex
from vad.data.pipeline import Mixtures, epoch_steps, open_mixtures
from vad.data.shards import Progress, prepare
from vad.errors import ConfigError
from vad.manifests import data_home
from vad.training.batches import Batches
from vad.training.optimizer import check_warm_up


def batches_of(config: Config, *, jobs: int | None = None, progress: Progress | None = None) -> Batches:
    """Prepares what is missing and returns the batches of a config.

    Args:
        config: of the training.
        jobs: processes that make shards; None takes all cores.
        progress: told how many excerpts of a split are made.

    Raises:
        ConfigError: the data section cannot act.
        ManifestError: a manifest is wrong, or audio is missing; before any work is done.
    """
    # Known without any mixing, which may take hours.
    steps = _planned_steps(config)
    train, dev = _open(config, jobs, progress)
    carries = config.training.carry_state
    return Batches(
        epoch=lambda number: train.training(number, carry_state=carries),
        steps=steps,
        dev=dev.scoring,
        statistics=train.statistics,
        facts={"mixtures": {"train": _facts(train), "dev": _facts(dev)}, "recordings": recordings(config)},
    )


def check_schedule(config: Config) -> None:
    """Refuses numbers of steps that `train` would refuse, before anything is mixed.

    Raises:
        ConfigError: an epoch has fewer batches than are asked for, or the training no more steps than its warm-up.
    """
    check_warm_up(config.training.optimizer, config.training.epochs * _planned_steps(config))


def _planned_steps(config: Config) -> int:
    """Returns the steps of every epoch."""
    steps = config.training.steps_per_epoch
    available = epoch_steps(config, "train", carry_state=config.training.carry_state)
    if steps is not None and steps > available:
        raise ConfigError(
            f"training.steps_per_epoch must be at most {available}, the batches of an epoch; received {steps}: "
            "lower it, or raise data.hours.train"
        )
    return available if steps is None else steps


def _open(config: Config, jobs: int | None, progress: Progress | None) -> tuple[Mixtures, Mixtures]:
    if config.data.source == "audio":
        return open_mixtures(config, "train"), open_mixtures(config, "dev")
    # Both at once: what is missing of either is said before anything is mixed.
    indexes = prepare(config, ("train", "dev"), jobs=jobs, progress=progress)
    return Mixtures(config, "train", indexes["train"]), Mixtures(config, "dev", indexes["dev"])


def _facts(mixtures: Mixtures) -> dict[str, float]:
    index = mixtures.source
    hours = mixtures.epoch_excerpts * mixtures.config.data.mixing.excerpt_s / 3600
    facts = {"hours_per_epoch": round(hours, 3)}
    if isinstance(index, ShardIndex):
        facts |= {"hours": round(index.hours, 3), "speech_share": round(index.speech_share, 4)}
    return facts


def recordings(config: Config) -> dict[str, Any]:
    """Returns hours of the recordings that training mixes, by kind, licence and tier."""
    hours: dict[str, dict[str, float]] = {key: defaultdict(float) for key in ("kind", "license", "tier")}
    rows = usable_rows(config.data, ("train",), data_home())
    for row in rows:
        for key, table in hours.items():
            table[str(getattr(row, key))] += row.duration_s / 3600
    return {
        "count": len(rows),
        **{f"hours_by_{key}": {k: round(v, 3) for k, v in sorted(table.items())} for key, table in hours.items()},
    }
