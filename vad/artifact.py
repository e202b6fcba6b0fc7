"""The deployable model: one `.tflite` file that carries its own metadata.

The metadata is a JSON file named ``vad.json`` in a ZIP archive that stands behind the flatbuffer, as TensorFlow
Lite's own associated files do: interpreters ignore what follows the flatbuffer, and any unzip tool reads it.

    unzip -p vad.tflite vad.json
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vad.decision import DecisionRule
from vad.errors import ConfigError, FingerprintError, ModelError
from vad.features.spec import FeatureSpec
from vad.files import replacing

FORMAT_VERSION = 1
METADATA_NAME = "vad.json"
INPUTS = ("audio", "features")
DFTS = ("rfft", "matmul")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8", "int16x8")
# Bytes 4 to 8 of every TensorFlow Lite flatbuffer.
_IDENTIFIER = b"TFL3"
# The same model and metadata give the same bytes on any day.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Metadata:
    """What an artifact says of itself.

    Args:
        features: the front-end inside the graph.
        lookahead_frames: the output at step s is the posterior of frame s - lookahead_frames.
        states: shape of every state by name, float32 in every variant; all zeros before the first frame.
        signatures: frames per call by signature name.
        decision: the thresholds and durations chosen for this model.
        label_rule: how the training labels were made, in words.
        training: summary of the training: data, hours, figures, licences of the data.
        versions: packages that made the artifact.
        license: of the weights.
        input: what every signature takes, one of `INPUTS`: ``audio``, samples, float32 ``(1, win_length + (k -
            1)·hop_length)``; or ``features``, log-mel frames, float32 ``(1, k, n_mels)``, made by the caller.
        dft: how the front-end in the graph transforms, one of `DFTS`; of no meaning with the input ``features``.
        quantization: how the weights are stored, one of `QUANTIZATIONS`.
        verification: how the file was found to compare with the network in Keras.
    """

    features: FeatureSpec
    lookahead_frames: int
    states: Mapping[str, tuple[int, ...]]
    signatures: Mapping[str, int]
    decision: DecisionRule = dataclasses.field(default_factory=DecisionRule)
    label_rule: str = ""
    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    license: str = "Apache-2.0"
    input: str = "audio"
    dft: str = "matmul"
    quantization: str = "none"
    verification: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as they stand in ``vad.json``, without the digest of the flatbuffer."""
        return {
            "format_version": FORMAT_VERSION,
            "features": {**self.features.to_dict(), "fingerprint": self.features.fingerprint},
            "lookahead_frames": self.lookahead_frames,
            "states": [{"name": name, "shape": list(shape)} for name, shape in self.states.items()],
            "signatures": dict(self.signatures),
            "input": self.input,
            "dft": self.dft,
            "quantization": self.quantization,
            "decision": self.decision.to_dict(),
            "label_rule": self.label_rule,
            "training": dict(self.training),
            "versions": dict(self.versions),
            "license": self.license,
            "verification": dict(self.verification),
        }


@dataclass(frozen=True)
class Artifact:
    """A checked model: its flatbuffer and what it says of itself.

    Args:
        metadata: see `Metadata`.
        flatbuffer: the TensorFlow Lite model alone, without what follows it in the file.
        name: where it came from, for messages.
    """

    metadata: Metadata
    flatbuffer: bytes = dataclasses.field(repr=False)
    name: str = "model"

    @property
    def digest(self) -> str:
        """SHA-256 of the flatbuffer in hexadecimal: which model this is."""
        return hashlib.sha256(self.flatbuffer).hexdigest()


def save_artifact(path: Path, flatbuffer: bytes, metadata: Metadata) -> Artifact:
    """Writes a model and its metadata into one file, under a temporary name until it is whole.

    Args:
        path: the `.tflite` to write or replace.
        flatbuffer: a TensorFlow Lite model.
        metadata: what it says of itself.

    Raises:
        ModelError: when `flatbuffer` is no TensorFlow Lite model, or `metadata` holds what JSON cannot.
    """
    _check_flatbuffer(flatbuffer, "the model to save")
    artifact = Artifact(metadata, flatbuffer, str(path))
    fields = metadata.to_dict()
    fields["flatbuffer"] = {"bytes": len(flatbuffer), "sha256": artifact.digest}
    entry = zipfile.ZipInfo(METADATA_NAME, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    try:
        text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: the metadata cannot be written as JSON: {error}") from error
    with replacing(path) as temporary:
        temporary.write_bytes(flatbuffer)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(entry, text)
    return artifact


def load_artifact(path: Path) -> Artifact:
    """Reads a model and checks that it is whole and of this package's making.

    Raises:
        ModelError: names the file, what was wanted and what was found: no file, no TensorFlow Lite model, no
            metadata, another format version, a field missing or wrong, another digest, another front-end.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model: {error.strerror}") from error
    return parse_artifact(content, str(path))


def parse_artifact(content: bytes, name: str = "model") -> Artifact:
    """Reads a model from the bytes of its file; see `load_artifact`."""
    _check_flatbuffer(content, name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = archive.getinfo(METADATA_NAME).header_offset
            fields = json.loads(archive.read(METADATA_NAME))
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise ModelError(
            f"{name}: wanted a model with {METADATA_NAME} appended, found a TensorFlow Lite model without: "
            "make one with `vad export`"
        ) from error
    except ValueError as error:
        raise ModelError(f"{name}: {METADATA_NAME} is not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ModelError(f"{name}: {METADATA_NAME} must hold an object, found {type(fields).__name__}")
    found = fields.get("format_version")
    if found != FORMAT_VERSION:
        raise ModelError(f"{name}: wanted format_version {FORMAT_VERSION}, found {found!r}: export the model again")
    flatbuffer = content[:size]
    _check_digest(fields, flatbuffer, name)
    return Artifact(_parse_metadata(fields, name), flatbuffer, name)


def _check_flatbuffer(content: bytes, name: str) -> None:
    if content[4:8] != _IDENTIFIER:
        start = content[:8]
        raise ModelError(f"{name}: wanted a TensorFlow Lite model, found a file that begins with {start!r}")


def _check_digest(fields: dict[str, Any], flatbuffer: bytes, name: str) -> None:
    stated = _field(fields, "flatbuffer", dict, name)
    found = hashlib.sha256(flatbuffer).hexdigest()
    if stated.get("sha256") != found:
        raise ModelError(
            f"{name}: wanted a flatbuffer with the sha256 {stated.get('sha256')}, found {found}: "
            "the file was changed or damaged after its export"
        )


def _field(fields: dict[str, Any], key: str, kind: type, name: str) -> Any:
    """Returns a field of the metadata that must be there and of the given type."""
    if key not in fields:
        raise ModelError(f"{name}: {METADATA_NAME} lacks the field {key!r}")
    value = fields[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ModelError(f"{name}: {METADATA_NAME}: {key} must be of type {kind.__name__}, found {value!r}")
    return value


def _parse_metadata(fields: dict[str, Any], name: str) -> Metadata:
    stored = _field(fields, "features", dict, name)
    lookahead = _field(fields, "lookahead_frames", int, name)
    signatures = _field(fields, "signatures", dict, name)
    if lookahead < 0:
        raise ModelError(f"{name}: {METADATA_NAME}: lookahead_frames must be >= 0, found {lookahead}")
    if 1 not in signatures.values() or not all(type(k) is int and k >= 1 for k in signatures.values()):
        raise ModelError(
            f"{name}: {METADATA_NAME}: signatures must give whole frames per call, one of them 1; found {signatures}"
        )
    try:
        features = FeatureSpec.from_dict({k: v for k, v in stored.items() if k != "fingerprint"})
        features.check_fingerprint(stored, name)
        decision = DecisionRule.from_dict(_field(fields, "decision", dict, name))
    except (ConfigError, FingerprintError, TypeError) as error:
        raise ModelError(f"{name}: {METADATA_NAME}: {error}") from error
    return Metadata(
        features=features,
        lookahead_frames=lookahead,
        states=_parse_states(_field(fields, "states", list, name), name),
        signatures=signatures,
        decision=decision,
        label_rule=_field(fields, "label_rule", str, name),
        training=_field(fields, "training", dict, name),
        versions=_field(fields, "versions", dict, name),
        license=_field(fields, "license", str, name),
        input=_choice(fields, "input", INPUTS, name),
        dft=_choice(fields, "dft", DFTS, name),
        quantization=_choice(fields, "quantization", QUANTIZATIONS, name),
        verification=_field({"verification": {}, **fields}, "verification", dict, name),
    )


def _choice(fields: dict[str, Any], key: str, choices: tuple[str, ...], name: str) -> str:
    """Returns a field that names one of a few ways; a file from before there was a choice has the first."""
    value = fields.get(key, choices[0])
    if value not in choices:
        raise ModelError(f"{name}: {METADATA_NAME}: {key} must be one of {', '.join(choices)}, found {value!r}")
    return str(value)


def _parse_states(rows: list[Any], name: str) -> dict[str, tuple[int, ...]]:
    states: dict[str, tuple[int, ...]] = {}
    for row in rows:
        try:
            states[str(row["name"])] = tuple(int(size) for size in row["shape"])
        except (TypeError, KeyError, ValueError) as error:
            raise ModelError(f"{name}: {METADATA_NAME}: a state must be {{name, shape}}, found {row!r}") from error
    return states
