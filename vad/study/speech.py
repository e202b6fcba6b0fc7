"""One trial on speech: the training of `vad train`, with another cell."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from vad.config import Config, StudyConfig
from vad.config.model import Cell, ModelConfig
from vad.errors import ConfigError
from vad.models import build_model, recurrent_layers, set_statistics
from vad.study.gains import GainMeter, Gains, thinned
from vad.study.results import SpeechResult, SpeechTrial
from vad.training import Batches, Listener, RunDirectory, load_run, train
from vad.training.seeds import seeded
from vad.training.sources import batches_of


def variant_config(base: Config, variant: Cell, seed: int) -> Config:
    """Returns the config of one training of a study.

    Args:
        base: what all variants share.
        variant: kind of cell.
        seed: of weights, order and augmentation; the mixtures stay.

    Raises:
        ConfigError: `base` has an option that the variant cannot have.
    """
    if base.model.bidirectional:
        raise ConfigError("model.bidirectional must be false in a study: gradients are followed in one direction")
    try:
        model = ModelConfig(**{**base.model.model_dump(), "cell": variant})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(["model", *map(str, first["loc"])])
        raise ConfigError(f"{key}: cannot be had by every variant of a study: {first['msg']}") from None
    training = base.training.model_copy(update={"seed": seed})
    return base.model_copy(update={"model": model, "training": training})


def run_speech_trial(
    study: StudyConfig, base: Config, trial: SpeechTrial, folder: Path, listener: Listener | None = None
) -> SpeechResult:
    """Trains one network on speech, or goes on with its training.

    Args:
        study: the study.
        base: config of the training, as `study.speech.config` names it.
        trial: which.
        folder: of the study; the run directory is made in it.
        listener: told how the training goes.

    Raises:
        ConfigError: the config cannot act.
        ManifestError: recordings are missing.
        TrainingInterrupted: a signal came; the training goes on from there when the trial is run again.
    """
    keras.backend.clear_session()
    config = variant_config(base, trial.variant, trial.seed)
    batches = batches_of(config, jobs=1)
    run = RunDirectory(folder / trial.run)
    train(config, run.path, batches, resume=True, listener=listener)
    with seeded(trial.seed, deterministic=config.training.deterministic):
        fresh = build_model(config.model, config.features.n_mels, use_cudnn=False)
    set_statistics(fresh, *batches.statistics())
    trained, _ = load_run(run.path)
    frames = _dev_frames(batches, study.speech.gain_excerpts, study.speech.gain_frames)
    summary = json.loads(run.summary.read_text(encoding="utf-8"))
    with run.history.open(encoding="utf-8", newline="") as file:
        history = [float(row["dev_roc_auc"]) for row in csv.DictReader(file)]
    return SpeechResult(
        roc_auc=summary["dev"]["roc_auc"],
        loss=summary["dev"]["loss"],
        best_epoch=summary["best_epoch"],
        history=history,
        parameters=sum(int(np.prod(v.shape)) for v in trained.trainable_variables),
        seconds=summary["training_seconds"],
        gains_before=_gains(fresh, frames, trial.seed),
        gains_after=_gains(trained, frames, trial.seed),
    )


def _gains(model: keras.Model, frames: NDArray[np.float32], seed: int) -> Gains:
    """Returns the gains of a model's first recurrent layer."""
    front = keras.Model(model.inputs, model.get_layer("normalization").output)
    inputs = np.asarray(front(frames), np.float32)
    return thinned(GainMeter(recurrent_layers(model)[0], inputs, seed).measure())


def _dev_frames(batches: Batches, excerpts: int, frames: int) -> NDArray[np.float32]:
    """Returns the ends of the first excerpts of the dev split, ``(excerpts, frames, n_mels)`` or fewer."""

    def rows() -> Iterator[NDArray[np.float32]]:
        for features, _, _ in batches.dev():
            yield from np.asarray(features)[:, -frames:]

    return np.stack([row for row, _ in zip(rows(), range(excerpts), strict=False)])
