"""The folder that a training leaves behind, and the trained model in it."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from vad.config import Config, load_config
from vad.errors import ConfigError, ModelError
from vad.files import replacing
from vad.models import build_model
from vad.training.listener import EpochRow

_LISTED = 8


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Names of the files of a run.

    Args:
        path: the folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def weights(self) -> Path:
        """The best weights so far, averaged."""
        return self.path / "model.weights.h5"

    @property
    def checkpoint(self) -> Path:
        """What ``--resume`` goes on from."""
        return self.path / "checkpoints" / "last.npz"

    @property
    def history(self) -> Path:
        """One row per epoch."""
        return self.path / "history.csv"

    @property
    def tensorboard(self) -> Path:
        """The folder to point TensorBoard at."""
        return self.path / "tensorboard"

    @property
    def summary(self) -> Path:
        """Figures, hours, licences and versions of the finished run."""
        return self.path / "summary.json"

    @property
    def is_begun(self) -> bool:
        """Whether there is anything to lose here: weights, a checkpoint, or a config that no run wrote."""
        return self.weights.exists() or self.checkpoint.exists() or (self.config.exists() and not self._wrote_config())

    def _wrote_config(self) -> bool:
        try:
            return load_config(self.config).dump() == self.config.read_text(encoding="utf-8")
        except ConfigError:
            return False

    def check(self, config: Config, *, resume: bool, overwrite: bool) -> None:
        """Refuses a folder that `open` would refuse, and changes nothing.

        Args:
            config: of the training to come.
            resume: go on with what is there, when it was made by the same config.
            overwrite: throw away what is there.

        Raises:
            ModelError: there is a run already, and neither was asked for; or the folder is something else.
            ConfigError: the run to resume was made by another config.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ModelError(f"{self.path}: a run needs a folder, and this is a file; choose another with --run-dir")
        if not self.config.exists():
            if self.path.exists() and any(self.path.iterdir()):
                raise ModelError(
                    f"{self.path}: there are files here but no run (no config.yaml); choose another with --run-dir"
                )
            return
        if not self.is_begun:
            return  # left by a training that was refused, or stopped, before its first checkpoint
        if resume:
            changed = differing_keys(load_config(self.config).model_dump(), config.model_dump())
            if changed:
                more = f" and {len(changed) - _LISTED} more" if len(changed) > _LISTED else ""
                raise ConfigError(
                    f"{self.path}: --resume needs the config of the run, and these keys differ: "
                    f"{'; '.join(changed[:_LISTED])}{more}; give the same config, or --overwrite"
                )
        elif not overwrite:
            raise ModelError(
                f"{self.path}: a run is here already; go on with it by --resume, replace it by --overwrite, or choose "
                "another folder with --run-dir"
            )

    def open(self, config: Config, *, resume: bool, overwrite: bool) -> None:
        """Makes the folder and stores the config in it, or goes back to a run that is there.

        Args:
            config: of the training to come.
            resume: go on with what is there, when it was made by the same config.
            overwrite: throw away what is there.

        Raises:
            ModelError, ConfigError: as `check`.
        """
        self.check(config, resume=resume, overwrite=overwrite)
        if overwrite or not self.is_begun:
            # Only what a run writes, so that notes beside it survive.
            for folder in (self.checkpoint.parent, self.tensorboard):
                shutil.rmtree(folder, ignore_errors=True)
            for file in (self.weights, self.history, self.summary, self.path / "model.tflite", self.config):
                file.unlink(missing_ok=True)
        if not self.config.exists():
            with replacing(self.config) as temporary:
                temporary.write_text(config.dump(), encoding="utf-8")

    def write_history(self, rows: Sequence[EpochRow]) -> None:
        """Writes history.csv as a whole."""
        with replacing(self.history) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [item.name for item in fields(EpochRow)])
            writer.writeheader()
            writer.writerows(row.to_dict() for row in rows)


def differing_keys(there: Mapping[str, Any], given: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Returns "dotted.key: there → given" for every leaf in which two dumped configs differ."""
    found = []
    for key in sorted({*there, *given}):
        old, new = there.get(key), given.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differing_keys(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key}: {old} → {new}")
    return found


def load_run(run_dir: Path | str) -> tuple[keras.Model, Config]:
    """Rebuilds the trained model of a run on the CPU, without cuDNN, as export needs it.

    Args:
        run_dir: the folder that `train` wrote.

    Returns:
        The model from `build_model` with the best averaged weights, and the config of the run.

    Raises:
        ModelError: the folder holds no finished epoch, or weights of another network.
        ConfigError: its config.yaml cannot be read.
    """
    run = RunDirectory(Path(run_dir))
    if not run.config.is_file():
        raise ModelError(f"{run.path}: no run is here (no config.yaml); give a folder that `vad train` wrote")
    if not run.weights.is_file():
        raise ModelError(
            f"{run.path}: this run has no finished epoch yet (no {run.weights.name}); go on by `vad train … --resume`"
        )
    config = load_config(run.config)
    with tf.device("/CPU:0"):
        model = build_model(config.model, config.features.n_mels, use_cudnn=False)
        try:
            model.load_weights(run.weights)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"{run.weights}: these are no weights of the network in {run.config}: {reason}") from None
    return model, config


__all__ = ["RunDirectory", "differing_keys", "load_run"]
