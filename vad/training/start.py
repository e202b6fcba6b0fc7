"""The weights that a training begins with, where they are not random: those of a network that was trained before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact, load_artifact
from vad.config import Config
from vad.config.model import ModelConfig
from vad.detector import packaged_artifact
from vad.errors import ModelError
from vad.features.spec import FeatureSpec
from vad.models import StepWeights
from vad.training.run_dir import RunDirectory, differing_keys, load_run

# What two networks may differ in and still have the same weights; the look-ahead is learnt anew in a few steps.
_FREE = {"lookahead_frames", "dropout", "forget_bias"}
_TOLD = ("name", "seed", "epochs", "steps", "data", "teacher", "engine", "start_from")


def starting_weights(config: Config, start: Path | Literal["packaged"]) -> list[NDArray[np.float32]]:
    """Reads the weights that a training begins with, the normalisation of the frames among them.

    Args:
        config: of the training.
        start: `training.start_from`.

    Returns:
        Arrays in the order of the network's ``get_weights()``.

    Raises:
        ModelError: it cannot be read, its weights are not in float32, or it is another network.
        FingerprintError: it has another front-end.
    """
    weights, features, model = _of_file(start) if _is_file(start) else _of_run(Path(start))
    config.features.check_fingerprint(features.to_dict(), f"training.start_from {start}")
    wanted = config.model.model_dump(exclude=_FREE)
    if others := differing_keys(wanted, model.model_dump(exclude=_FREE), "model."):
        raise ModelError(
            f"training.start_from {start}: another network than the config's ({'; '.join(others)}): "
            "set the config's model section to what is there"
        )
    return weights


def provenance(start: Path | Literal["packaged"]) -> dict[str, Any]:
    """Returns what is told of the training that gave the weights.

    That is its name, its length, its data, who taught it besides the labels, and its own start.
    """
    if _is_file(start):
        told = _artifact(start).metadata.training
    else:
        summary = RunDirectory(Path(start)).summary
        told = json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {"name": Path(start).name}
    return {name: told[name] for name in _TOLD if name in told}


def _is_file(start: Path | Literal["packaged"]) -> bool:
    return start == "packaged" or Path(start).suffix == ".tflite"


def _artifact(start: Path | Literal["packaged"]) -> Artifact:
    return packaged_artifact() if start == "packaged" else load_artifact(Path(start))


def _of_file(start: Path | Literal["packaged"]) -> tuple[list[Any], FeatureSpec, ModelConfig]:
    artifact = _artifact(start)
    weights, ahead = StepWeights.from_artifact(artifact), artifact.metadata.lookahead_frames
    return weights.to_model(ahead).get_weights(), artifact.metadata.features, weights.model_config(ahead)


def _of_run(start: Path) -> tuple[list[Any], FeatureSpec, ModelConfig]:
    model, config = load_run(start)
    return model.get_weights(), config.features, config.model
