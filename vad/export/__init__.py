"""From a trained run to a `.tflite` that LiteRT has proved equal to Keras."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vad.artifact import Metadata, load_artifact, save_artifact
from vad.config import Config, load_config
from vad.errors import ConfigError, ModelError
from vad.export.convert import check_ops, convert_step_model, signature_table
from vad.export.verify import Verification, find_evidence, verify
from vad.files import replacing

if TYPE_CHECKING:
    import keras

__all__ = ["ExportReport", "Verification", "export_model", "export_run"]

MODEL_NAME = "model.tflite"
# What an export may change of a trained run's config: nothing that the weights depend on.
_CHANGEABLE = ("decision", "export")


@dataclass(frozen=True)
class ExportReport:
    """What was exported.

    Args:
        path: the file.
        size: of the file in bytes.
        signatures: frames per call by signature name.
        ops: how many operations of each kind, over all signatures.
        verification: how the file compares with Keras.
    """

    path: Path
    size: int
    signatures: Mapping[str, int]
    ops: Mapping[str, int]
    verification: Verification


def export_run(run_dir: Path | str, output: Path | None = None, *, overrides: Sequence[str] = ()) -> ExportReport:
    """Exports the trained model of a run.

    Args:
        run_dir: the folder that ``vad train`` wrote.
        output: file to write; None is ``model.tflite`` in the run directory.
        overrides: ``key=value`` changes to the run's config, of its decision and export sections.

    Raises:
        ModelError: when the run cannot be loaded or converted, or the file is not equal to the network; then no file
            is left behind, and one that was there before stays.
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
    path = run.path / MODEL_NAME if output is None else output
    return export_model(model, changed, path, training=summary)


def export_model(model: keras.Model, config: Config, output: Path, *, training: Mapping[str, Any]) -> ExportReport:
    """Converts a sequence model, writes the artifact, and proves the written file against the model.

    Args:
        model: from `vad.models.build_model` with `use_cudnn=False`.
        config: of its training.
        output: file to write or replace.
        training: summary of the training for the metadata.

    Raises:
        ModelError: as in `export_run`.
    """
    from vad import __version__
    from vad.models import StepModel
    from vad.training.summary import versions

    _check_weights(model)
    step_model = StepModel(model, config.features)
    metadata = Metadata(
        features=config.features,
        lookahead_frames=config.model.lookahead_frames,
        states=step_model.state_shapes,
        signatures=signature_table(config.export.frames_per_call),
        decision=config.decision,
        label_rule=_label_rule(config),
        training=training,
        versions={"lstm-vad": __version__, **versions()},
        license=config.export.license,
    )
    flatbuffer = convert_step_model(step_model, config.export.frames_per_call)
    ops = check_ops(flatbuffer, metadata)
    evidence = find_evidence(config.data, config.features.sample_rate)
    # The file gets its name only once LiteRT has run it: nothing wrong is left behind.
    with replacing(output) as temporary:
        save_artifact(temporary, flatbuffer, metadata)
        written = dataclasses.replace(load_artifact(temporary), name=str(output))
        verification = verify(model, written, evidence, max_difference=config.export.max_difference)
    return ExportReport(output, output.stat().st_size, metadata.signatures, ops, verification)


def _check_weights(model: keras.Model) -> None:
    bad = [weight.path for weight in model.weights if not np.isfinite(np.asarray(weight)).all()]
    if bad:
        raise ModelError(f"weights that are not finite cannot be exported: {', '.join(bad)}; train the model again")


def _label_rule(config: Config) -> str:
    fields = ", ".join(f"{name} {value:g}" for name, value in dataclasses.asdict(config.data.labels).items())
    return (
        "A frame is speech if its centre lies in a speech segment. Segments are people's where the manifest has them, "
        f"else found by energy on the clean recording: {fields}."
    )
