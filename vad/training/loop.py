"""The training: epochs of steps, a score after each, a checkpoint whenever it would hurt to lose one."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from vad.config import Config
from vad.errors import ModelError, TrainingInterrupted
from vad.training.batches import Batches
from vad.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from vad.training.curves import Curves
from vad.training.interrupt import StopWish, listening
from vad.training.kernels import kernel_choices
from vad.training.learner import Learner, choose_strategy, uses_float16
from vad.training.listener import EpochRow, Listener, Silence, StepReport
from vad.training.run_dir import RunDirectory
from vad.training.scoring import Scorer
from vad.training.seeds import seeded
from vad.training.start import starting_weights
from vad.training.summary import write_summary
from vad.training.teacher import Teacher

_REPORT_S = 0.5
"""Between two reports; reading the loss waits for the device."""


def train(
    config: Config,
    run_dir: Path | str,
    batches: Batches,
    *,
    resume: bool = False,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> Path:
    """Trains a model, or goes on with a training.

    Killed at any moment and called again with `resume`, it ends with the same weights as if it had never stopped; on a
    CPU with `training.deterministic` bit for bit.

    Args:
        config: what to train.
        run_dir: folder of the run; made when absent.
        batches: the data, from `vad.training.batches_of` or made by hand.
        resume: go on with the run in the folder, if there is one.
        overwrite: replace the run in the folder.
        listener: told what happens.

    Returns:
        The folder, with ``model.weights.h5``, ``history.csv``, ``summary.json`` and ``config.yaml`` in it.

    Raises:
        ModelError: the folder cannot be used, or the loss or its gradient is not finite any more.
        ConfigError: the run in the folder has another config, or this one cannot act.
        TrainingInterrupted: SIGINT or SIGTERM came; everything is saved.
    """
    run = RunDirectory(Path(run_dir))
    run.open(config, resume=resume, overwrite=overwrite)
    with seeded(config.training_seed, deterministic=config.training.deterministic), listening() as wish:
        loop = _Loop(config, run, batches, Silence() if listener is None else listener, wish)
        try:
            loop.run()
        finally:
            loop.close()
    return run.path


def check(config: Config, run_dir: Path | str, *, resume: bool = False, overwrite: bool = False) -> None:
    """Refuses what `train` would refuse, and changes nothing: before hours go into the data of such a training.

    Args:
        config: what to train.
        run_dir: folder of the run.
        resume: as in `train`.
        overwrite: as in `train`.

    Raises:
        ModelError: the folder cannot be used, or a network that the training begins with or learns from cannot.
        FingerprintError: such a network has another front-end.
        ConfigError: the run in the folder has another config.
    """
    run, training = RunDirectory(Path(run_dir)), config.training
    run.check(config, resume=resume, overwrite=overwrite)
    is_begun = run.checkpoint.is_file() and not overwrite
    if training.start_from is not None and not is_begun:
        starting_weights(config, training.start_from)
    if training.teacher is not None:
        Teacher(config, training.teacher)


class _Loop:
    def __init__(self, config: Config, run: RunDirectory, batches: Batches, listener: Listener, wish: StopWish) -> None:
        self._config, self._run, self._batches = config, run, batches
        self._listener, self._wish = listener, wish
        self._strategy = choose_strategy(config.training)
        total_steps = config.training.epochs * batches.steps
        self._learner = Learner(config, total_steps=total_steps, strategy=self._strategy)
        self._scorer = Scorer(config)
        self._progress = self._start()
        self._pending: list[tuple[Any, Any, Any]] = []
        self._curves = Curves(run.tensorboard, self._progress.history) if config.training.tensorboard else None
        self._announce()

    def _start(self) -> Progress:
        if self._run.checkpoint.is_file():
            arrays, progress = load_checkpoint(self._run.checkpoint)
            self._learner.restore(arrays)
            self._listener.message(
                f"going on with {self._run.path} at epoch {progress.epoch + 1}, step {progress.step}"
                if not progress.is_done
                else f"{self._run.path} is trained already"
            )
            return progress
        start = self._config.training.start_from
        if start is None:
            self._learner.set_statistics(*self._batches.statistics())
        else:
            self._learner.begin_with(starting_weights(self._config, start))
            self._listener.message(f"beginning with the weights of {start}")
        return Progress()

    def _announce(self) -> None:
        for choice in kernel_choices(self._learner.model):
            self._listener.message(str(choice))
        replicas = self._strategy.num_replicas_in_sync
        precision = "float16 with float32 weights" if uses_float16(self._config.training) else "float32"
        device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        self._listener.message(
            f"{self._learner.model.count_params()} parameters, {replicas} × {device}, {precision}, "
            f"{self._config.training.epochs} epochs of {self._batches.steps} steps at most"
        )

    def close(self) -> None:
        if self._curves is not None:
            self._curves.close()

    def run(self) -> None:
        if self._progress.history:
            # A kill may have come between the checkpoint and the table.
            self._run.write_history(self._progress.history)
        while not self._progress.is_done:
            self._train_epoch()
            # Saved before it is scored: a stop during the scoring costs the scoring alone.
            self._save()
            self._finish_epoch()
        self._scorer.load(self._run.weights)
        score = self._scorer.score(self._batches.dev(), between=self._obey)
        write_summary(self._run, self._config, self._progress, score, self._batches.facts)

    # --- an epoch -----------------------------------------------------------------------------------------------

    def _train_epoch(self) -> None:
        progress, steps = self._progress, self._batches.steps
        if progress.step == 0:
            self._learner.forget()
        begun = reported = time.perf_counter()
        for batch in self._remaining():
            self._pending.append(self._learner.step(batch))
            progress.step += 1
            progress.frames += _frame_count(batch)
            now = time.perf_counter()
            is_last = progress.step == steps
            if is_last or now - reported >= _REPORT_S:
                self._collect()
                reported = time.perf_counter()
                self._spend(reported - begun)
                begun = reported
                self._report()
            if self._wish.is_set or (not is_last and progress.step % self._config.training.checkpoint_steps == 0):
                self._save()
                self._obey()
        if progress.step < steps:
            raise ModelError(f"an epoch must have {steps} batches; the data ended after {progress.step}")

    def _remaining(self) -> Iterator[Any]:
        progress = self._progress
        dataset = self._batches.epoch(progress.epoch).skip(progress.step).take(self._batches.steps - progress.step)
        if self._strategy.num_replicas_in_sync > 1:
            dataset = self._strategy.experimental_distribute_dataset(dataset)
        return iter(dataset)

    def _spend(self, seconds: float) -> None:
        self._progress.train_seconds += seconds
        self._progress.seconds += seconds

    def _collect(self) -> None:
        """Reads the figures of the steps since the last time off the device."""
        progress = self._progress
        for loss, weight, norm in self._pending:
            values = float(loss), float(weight), float(norm)
            self._check_finite("loss", values[0])
            progress.loss_sum += values[0]
            progress.weight_sum += values[1]
            # A scaled gradient that overflows is skipped, and the scale is lowered: nothing is wrong.
            if self._learner.scales_loss and not math.isfinite(values[2]):
                progress.skipped += 1
                continue
            self._check_finite("gradient norm", values[2])
            progress.norm_sum += values[2]
        self._pending.clear()

    def _check_finite(self, name: str, value: float) -> None:
        if not math.isfinite(value):
            progress = self._progress
            raise ModelError(
                f"the {name} is {value} in epoch {progress.epoch + 1}, near step {progress.step}: lower "
                "training.optimizer.learning_rate or clip_norm; the last checkpoint is from before"
            )

    def _report(self) -> None:
        progress = self._progress
        self._listener.step(
            StepReport(
                epoch=progress.epoch + 1,
                epochs=self._config.training.epochs,
                step=progress.step,
                steps=self._batches.steps,
                loss=progress.mean_loss,
                frames_per_s=progress.frames_per_s,
            )
        )

    def _finish_epoch(self) -> None:
        begun = time.perf_counter()
        self._scorer.take(self._learner.averaged_weights())
        score = self._scorer.score(self._batches.dev(), between=self._obey)
        auc = score.curve.auc()
        progress, training = self._progress, self._config.training
        progress.seconds += time.perf_counter() - begun
        is_best = progress.best_auc is None or auc > progress.best_auc + training.min_rise
        if is_best:
            # Before the checkpoint that knows of it: a kill between the two repeats the epoch's scoring, no more.
            self._scorer.save(self._run.weights)
            progress.best_auc, progress.best_epoch, progress.bad_epochs = auc, progress.epoch + 1, 0
        else:
            progress.bad_epochs += 1
        row = self._row(score.loss, auc)
        progress.history.append(row)
        out_of_patience = training.patience_epochs is not None and progress.bad_epochs >= training.patience_epochs
        progress.is_done = out_of_patience or progress.epoch + 1 == training.epochs
        progress.begin_epoch(progress.epoch + 1)
        self._save()
        self._run.write_history(progress.history)
        if self._curves is not None:
            self._curves.add(row)
        self._listener.epoch(row, is_best=is_best)
        if out_of_patience and row.epoch < training.epochs:
            self._listener.message(f"dev ROC-AUC has not risen for {progress.bad_epochs} epochs: stopping early")

    def _row(self, dev_loss: float, dev_auc: float) -> EpochRow:
        progress = self._progress
        return EpochRow(
            epoch=progress.epoch + 1,
            steps=self._learner.steps,
            train_loss=progress.mean_loss,
            dev_loss=dev_loss,
            dev_roc_auc=dev_auc,
            learning_rate=self._learner.learning_rate,
            gradient_norm=progress.mean_norm,
            frames_per_s=progress.frames_per_s,
            seconds=progress.seconds,
        )

    def _save(self) -> None:
        self._collect()
        save_checkpoint(self._run.checkpoint, self._learner.arrays(), self._progress)

    def _obey(self) -> None:
        if self._wish.is_set:
            raise TrainingInterrupted(
                f"stopped {self._where()}; "
                f"everything is saved in {self._run.path}: the same command with --resume goes on from here"
            )

    def _where(self) -> str:
        progress = self._progress
        if progress.is_done:
            return f"after epoch {len(progress.history)}, the last, while the best weights were scored"
        return f"in epoch {progress.epoch + 1} after step {progress.step} of {self._batches.steps}"


def _frame_count(batch: Any) -> int:
    features = batch[0]
    parts = features.values if hasattr(features, "values") else (features,)
    return sum(int(part.shape[0]) * int(part.shape[1]) for part in parts)
