"""`vad inspect`: what is inside a model, and how fast it runs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vad.inspection import Inspection, SignatureRow, TensorRow

_SEEN = {
    "log": "log: log-mel frames as they are",
    "pcen": "pcen: log(1 + power / running mean of the power)",
    "both": "both: log-mel frames, and log(1 + power / running mean of the power) beside them",
}


@click.command()
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A text to read, or one JSON object with everything in it.",
)
def command(model: Path | None, form: str) -> None:
    """Say what is inside MODEL, a .tflite of `vad export`, or the packaged one, and how fast it runs here.

    Operations, weights, sizes, quantisation, signatures, memory, the time of a call, and what the model says of itself.
    """
    from vad.detector import Detector
    from vad.inspection import inspect

    inspection = inspect(Detector(model).artifact)
    if form == "json":
        click.echo(json.dumps(to_dict(inspection), indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(inspection)))


def to_dict(inspection: Inspection) -> dict[str, Any]:
    """Returns an inspection as JSON has it."""
    artifact = inspection.artifact
    return {
        "file": artifact.name,
        "flatbuffer_bytes": len(artifact.flatbuffer),
        "sha256": artifact.digest,
        "compression": inspection.compression,
        "ops": dict(inspection.ops),
        "weights": [dataclasses.asdict(row) for row in inspection.weights],
        "constant_bytes": dict(inspection.constants),
        "computed_tensors": dict(inspection.tensors),
        "signatures": [
            {**dataclasses.asdict(row), "ops": dict(row.ops), "frame_us": row.frame_us} for row in inspection.signatures
        ],
        "metadata": artifact.metadata.to_dict(),
    }


def _lines(inspection: Inspection) -> Iterator[str]:
    artifact, metadata = inspection.artifact, inspection.artifact.metadata
    features = metadata.features
    yield artifact.name
    yield _row("size", f"{len(artifact.flatbuffer):,} bytes, sha256 {artifact.digest[:16]}…")
    yield _row("variant", f"quantization {metadata.quantization}, input {metadata.input}, dft {metadata.dft}")
    yield _row(
        "front-end",
        f"{features.n_mels} mel bands, window {features.win_length}, hop {features.hop_length} at "
        f"{features.sample_rate} Hz, fingerprint {features.fingerprint}",
    )
    yield _row("compression", _SEEN[inspection.compression])
    yield _row("look-ahead", f"{metadata.lookahead_frames} frames")
    yield _row("decision", _pairs(metadata.decision.to_dict()))
    yield _row("license", metadata.license)
    yield _row("made with", _pairs(metadata.versions))
    yield _row("training", _pairs(metadata.training))
    yield _row("verified", _pairs(metadata.verification))
    yield _row("operations", ", ".join(f"{name} {count}" for name, count in inspection.ops.items()))
    yield _row("constants", _pairs({kind: f"{size:,} bytes" for kind, size in inspection.constants.items()}))
    yield _row("computed", _pairs({kind: f"{count} tensors" for kind, count in inspection.tensors.items()}))
    yield ""
    yield from _table(inspection)
    for row in inspection.signatures:
        yield ""
        yield from _signature(row)


def _row(name: str, text: str) -> str:
    return f"  {name:<11} {text if text else '-'}"


def _pairs(fields: Mapping[str, Any]) -> str:
    """Returns fields in one line; what is itself a table stays in the JSON."""
    flat = {name: value for name, value in fields.items() if not isinstance(value, dict | list)}
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in flat.items()
    )


def _table(inspection: Inspection) -> Iterator[str]:
    yield f"  {'weights':<18} {'shape':<10} {'type':<8} {'bytes':>8}  scale"
    for row in inspection.weights:
        scale = "-" if row.scale is None else f"{row.scale:.4g}"
        yield f"  {row.name:<18} {_shape(row.shape):<10} {row.dtype:<8} {row.size:>8,}  {scale}"


def _signature(row: SignatureRow) -> Iterator[str]:
    yield f"  {row.name}: {row.frames} frame{'s' if row.frames > 1 else ''} a call"
    yield f"    in       {_tensors(row.inputs)}"
    yield f"    out      {_tensors(row.outputs)}"
    arena = "not to be seen in this LiteRT" if row.arena_bytes is None else f"{row.arena_bytes:,} bytes"
    yield f"    arena    {arena}"
    yield f"    memory   {row.live_bytes:,} bytes alive at once, {row.unshared_bytes:,} if no two tensors share a place"
    yield f"    time     {row.call_us:.1f} µs a call, {row.frame_us:.1f} µs a frame"


def _tensors(rows: tuple[TensorRow, ...]) -> str:
    return ", ".join(f"{row.name} {_shape(row.shape)} {row.dtype}" for row in rows)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape)
