"""What an export is made from: a run directory, or a float32 artifact that holds its own weights."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vad.artifact import Metadata, load_artifact
from vad.config import Config, load_config
from vad.config.export import ExportConfig
from vad.errors import ConfigError, ModelError
from vad.labels import LabelRule
from vad.models import StepModel, StepWeights

if TYPE_CHECKING:
    import keras

# What an export may change of a trained run's config: nothing that the weights depend on.
_CHANGEABLE = ("decision", "export")


@dataclass(frozen=True, eq=False)
class Source:
    """A network and what is known of it.

    Args:
        model: the sequence model, to prove against.
        weights: of it.
        metadata: of an artifact of it; the fields that depend on the variant are filled in later.
        settings: of the export.
        manifests: corpora that it was trained on, to calibrate and prove on.
        rule: how the training labels were made where nobody labelled.
    """

    model: keras.Model
    weights: StepWeights
    metadata: Metadata
    settings: ExportConfig
    manifests: tuple[Path, ...] = ()
    rule: LabelRule = dataclasses.field(default_factory=LabelRule)


def from_run(run_dir: Path | str, overrides: Sequence[str] = ()) -> Source:
    """Loads the trained model of a run.

    Args:
        run_dir: the folder that ``vad train`` wrote.
        overrides: ``key=value`` changes to the run's config, of its decision and export sections.

    Raises:
        ModelError: when the run cannot be loaded.
        ConfigError: when an override is wrong, or of what the weights depend on.
    """
    from vad.training import RunDirectory, load_run

    run = RunDirectory(Path(run_dir))
    model, config = load_run(run.path)
    changed = load_config(run.config, overrides) if overrides else config
    for section in type(config).model_fields:
        if section not in _CHANGEABLE and getattr(changed, section) != getattr(config, section):
            raise ConfigError(
                f"--set {section}…: the trained weights depend on it; an export can change "
                f"{' and '.join(_CHANGEABLE)}, the rest takes a training"
            )
    summary = json.loads(run.summary.read_text(encoding="utf-8")) if run.summary.is_file() else {}
    return from_model(model, changed, training=summary)


def from_model(model: keras.Model, config: Config, *, training: Mapping[str, Any]) -> Source:
    """Takes a sequence model from `vad.models.build_model`, its config, and a summary of its training.

    Raises:
        ModelError: when a weight is not finite.
    """
    bad = [weight.path for weight in model.weights if not np.isfinite(np.asarray(weight)).all()]
    if bad:
        raise ModelError(f"weights that are not finite cannot be exported: {', '.join(bad)}; train the model again")
    weights = StepWeights.from_model(model)
    metadata = Metadata(
        features=config.features,
        lookahead_frames=config.model.lookahead_frames,
        states=StepModel(weights, config.features).state_shapes,
        signatures={},
        decision=config.decision,
        label_rule=_label_rule(config),
        training=training,
        license=config.export.license,
    )
    return Source(model, weights, metadata, config.export, config.data.manifests, config.data.labels)


def from_artifact(path: Path) -> Source:
    """Reads the network of a float32 artifact back from its constants.

    Raises:
        ModelError: when it cannot be read, or does not hold its weights in float32.
    """
    artifact = load_artifact(path)
    metadata = artifact.metadata
    weights = StepWeights.from_artifact(artifact)
    model = weights.to_model(metadata.lookahead_frames)
    return Source(model, weights, metadata, ExportConfig(license=metadata.license))


def _label_rule(config: Config) -> str:
    fields = ", ".join(f"{name} {value:g}" for name, value in dataclasses.asdict(config.data.labels).items())
    return (
        "A frame is speech if its centre lies in a speech segment. Segments are people's where the manifest has them, "
        f"else found by energy on the clean recording: {fields}."
    )
