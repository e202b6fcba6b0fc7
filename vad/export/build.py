"""From a source to a `.tflite` that LiteRT has proved against Keras."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vad.artifact import Metadata, load_artifact, save_artifact
from vad.config import Config
from vad.config.export import ExportConfig
from vad.errors import ConfigError, ModelError
from vad.export.calibration import calibrate
from vad.export.convert import check_ops, convert_step_model, signature_table
from vad.export.evidence import Evidence, find_evidence, find_rows, real_speech
from vad.export.quantize import quantize
from vad.export.sources import Source, from_artifact, from_model, from_run
from vad.export.verify import Verification, verify
from vad.files import replacing
from vad.manifests import Recording, read_manifests
from vad.models import StepModel

if TYPE_CHECKING:
    import keras

MODEL_NAME = "model.tflite"
_CALIBRATED = ("int8", "int16x8")


@dataclass(frozen=True)
class ExportReport:
    """What was exported.

    Args:
        path: the file.
        size: of the file in bytes.
        metadata: of the file.
        ops: how many operations of each kind, over all signatures.
        verification: how the file compares with Keras.
        calibration: what int8 and int16x8 were calibrated on, in words; None for the others.
    """

    path: Path
    size: int
    metadata: Metadata
    ops: Mapping[str, int]
    verification: Verification
    calibration: str | None = None

    @property
    def signatures(self) -> Mapping[str, int]:
        """Frames per call by signature name."""
        return self.metadata.signatures


@dataclass(frozen=True)
class Choices:
    """What a call of the export asks for, over what the run's config says; None leaves the config's.

    Args:
        quantize: one of `vad.artifact.QUANTIZATIONS`.
        input: one of `vad.artifact.INPUTS`.
        dft: one of `vad.artifact.DFTS`.
        frames_per_call: a signature for each, besides the one of 1 frame that is always there. Left out for a
            quantised model, there is that one alone: it is for devices, which stream.
        manifests: corpora to calibrate and to prove on.
    """

    quantize: str | None = None
    input: str | None = None
    dft: str | None = None
    frames_per_call: tuple[int, ...] | None = None
    manifests: tuple[Path, ...] = ()

    def apply(self, settings: ExportConfig) -> ExportConfig:
        """Returns settings with the choices in them.

        Raises:
            ConfigError: when the frames per call are out of range.
        """
        changes: dict[str, Any] = {
            name: value for name in ("quantize", "input", "dft") if (value := getattr(self, name)) is not None
        }
        if self.frames_per_call is not None:
            changes["frames_per_call"] = tuple(sorted({1, *self.frames_per_call}))
        elif changes.get("quantize", "none") != "none":
            changes["frames_per_call"] = (1,)
        try:
            return ExportConfig(**{**settings.model_dump(), **changes})
        except ValueError as error:
            raise ConfigError(f"export: {' '.join(str(error).split())}") from error


def export(
    source: Path | str, output: Path | None = None, *, overrides: Sequence[str] = (), choices: Choices | None = None
) -> ExportReport:
    """Exports a run, or makes a variant of a float32 artifact.

    Args:
        source: the folder of a run, or a `.tflite` of this package.
        output: file to write; None as in `export_run`, and for an artifact its name with the variant's, in the
            working directory.
        overrides: as in `export_run`; an artifact takes none.
        choices: the variant.

    Raises:
        ModelError, ConfigError, ManifestError: as in `export_run`.
    """
    chosen = Choices() if choices is None else choices
    path = Path(source)
    if not path.is_file():
        return export_run(path, output, overrides=overrides, choices=chosen)
    if overrides:
        raise ConfigError(f"--set {overrides[0]}: {path} is a model, and a model has no config; give the run directory")
    found = from_artifact(path)
    settings = chosen.apply(found.settings)
    target = Path(_variant_name(path.name, settings)) if output is None else output
    if target.resolve() == path.resolve():
        raise ConfigError(f"{path}: the export would replace the model that it is made from; name another with -o")
    return _write(found, settings, target, chosen.manifests)


def export_run(
    run_dir: Path | str,
    output: Path | None = None,
    *,
    overrides: Sequence[str] = (),
    choices: Choices | None = None,
) -> ExportReport:
    """Exports the trained model of a run.

    Args:
        run_dir: the folder that ``vad train`` wrote.
        output: file to write; None is ``model.tflite`` in the run directory, a variant has its name in it.
        overrides: ``key=value`` changes to the run's config, of its decision and export sections.
        choices: the variant; None is as the config has it.

    Raises:
        ModelError: when the run cannot be loaded or converted, or the file is not equal to the network; then no file
            is left behind, and one that was there before stays.
        ConfigError: when an override is wrong, or of what the weights depend on.
        ManifestError: when a manifest that was chosen cannot be read.
    """
    chosen = Choices() if choices is None else choices
    found = from_run(run_dir, overrides)
    settings = chosen.apply(found.settings)
    target = Path(run_dir) / _variant_name(MODEL_NAME, settings) if output is None else output
    return _write(found, settings, target, chosen.manifests)


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
    return _write(from_model(model, config, training=training), config.export, output, ())


def _variant_name(name: str, settings: ExportConfig) -> str:
    """Returns a file name that says what is not as usual."""
    stem = Path(name).stem
    default = ExportConfig()
    parts = [
        value
        for value, usual in (
            (settings.input, default.input),
            (settings.dft, default.dft),
            (settings.quantize, default.quantize),
        )
        if value != usual
    ]
    return "-".join([stem, *parts]) + Path(name).suffix


def _write(source: Source, settings: ExportConfig, output: Path, manifests: Sequence[Path]) -> ExportReport:
    """Converts, quantises, writes and proves."""
    _check_ranges(source, settings)
    step_model = StepModel(source.weights, source.metadata.features, source=settings.input, dft=settings.dft)
    metadata = _metadata(source, settings)
    # What was named must be there; what the training had may be on another machine.
    rows = read_manifests(manifests) if manifests else find_rows(source.manifests)
    flatbuffer = convert_step_model(step_model, settings.frames_per_call)
    calibration, ranges = _calibration(rows, flatbuffer, metadata)
    flatbuffer = quantize(flatbuffer, settings.quantize, ranges)
    ops = check_ops(flatbuffer, metadata)
    evidence = find_evidence(rows, metadata.features.sample_rate, rule=source.rule)
    # The file gets its name only once LiteRT has run it: nothing wrong is left behind.
    with replacing(output) as temporary:
        save_artifact(temporary, flatbuffer, metadata)
        written = dataclasses.replace(load_artifact(temporary), name=str(output))
        limit = settings.max_difference if settings.quantize == "none" else None
        verification = verify(source.model, written, evidence, max_difference=limit)
        found = verification.to_dict() | ({} if calibration is None else {"calibration": calibration.origin})
        metadata = dataclasses.replace(metadata, verification=found)
        save_artifact(temporary, flatbuffer, metadata)
    origin = None if calibration is None else calibration.origin
    return ExportReport(output, output.stat().st_size, metadata, ops, verification, origin)


def _check_ranges(source: Source, settings: ExportConfig) -> None:
    """Refuses a calibrated variant of a cell whose output no calibration can bound."""
    for recurrence in source.weights.recurrences:
        if settings.quantize in _CALIBRATED and not recurrence.is_bounded:
            raise ModelError(
                f"quantization {settings.quantize}: the output of the cell {recurrence} grows with the length of a "
                "sound, so that it leaves every range found in calibration; choose dynamic, float16 or none"
            )


def _metadata(source: Source, settings: ExportConfig) -> Metadata:
    from vad import __version__
    from vad.training.summary import versions

    return dataclasses.replace(
        source.metadata,
        signatures=signature_table(settings.frames_per_call, settings.input),
        versions={"lstm-vad": __version__, **versions()},
        license=settings.license,
        input=settings.input,
        dft=settings.dft,
        quantization=settings.quantize,
        verification={},
    )


def _calibration(
    rows: Sequence[Recording], flatbuffer: bytes, metadata: Metadata
) -> tuple[Evidence | None, dict[str, Any] | None]:
    if metadata.quantization not in _CALIBRATED:
        return None, None
    evidence = real_speech(rows, metadata.features.sample_rate)
    return evidence, calibrate(flatbuffer, metadata, evidence.samples)
