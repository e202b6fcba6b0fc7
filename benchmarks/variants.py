"""Makes every variant of a model and puts what they cost into the table of docs/mobile.md.

    VAD_DATA_HOME=… python benchmarks/variants.py RUN_DIR|MODEL [--page docs/mobile.md] [--minutes 30]

MODEL is a float32 `.tflite`; without any, the packaged one. Differences, decisions and areas are those that the export
itself measures on held-out speech; time and arena are those of `vad inspect` on this machine, instructions on ARM those
of `arm.py`, which says what it needs. Besides, each variant runs over one stream of many minutes, the same real speech
over and over, and its mean distance from float32 in the first and in the last round shows whether anything is lost on
the way.
"""

from __future__ import annotations

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import arm
import numpy as np
from numpy.typing import NDArray

from vad.artifact import load_artifact
from vad.detector import Detector
from vad.export import Choices, ExportReport, export
from vad.export.evidence import find_evidence, find_rows
from vad.inspection import inspect

RATE = 16000
ROUNDS = 12
VARIANTS = (
    Choices(frames_per_call=(32,)),
    Choices(frames_per_call=(1,)),
    *(Choices(quantize=name) for name in ("float16", "dynamic", "int8", "int16x8")),
    Choices(frames_per_call=(1,), dft="rfft"),
    Choices(quantize="int8", dft="rfft"),
    Choices(frames_per_call=(1,), input="features"),
    Choices(quantize="int8", input="features"),
)
COLUMNS = (
    "variant",
    "size",
    "operations",
    "arena",
    "largest difference",
    "decisions changed",
    "change of AUC",
    "mean difference, start → end of {minutes} min",
    "µs a frame",
    "ARM instructions a frame",
)
BEGIN, END = "<!-- variants: benchmarks/variants.py -->\n", "<!-- end of variants -->\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("source", type=Path, nargs="?", default=resources.files("vad") / "weights" / "vad.tflite")
    parser.add_argument("--page", type=Path, help="page to put the table into; without it, it is printed")
    parser.add_argument("--minutes", type=int, default=30, help="length of the stream")
    options = parser.parse_args()
    table = make_table(options.source, options.minutes)
    if options.page is None:
        print(table)
        return
    text = options.page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    options.page.write_text(before + BEGIN + table + END + rest.split(END)[1], encoding="utf-8")


def make_table(source: Path, minutes: int) -> str:
    """Returns the table of all variants, and what it was measured on."""
    stream = long_stream(minutes)
    rows, reference = [], None
    with tempfile.TemporaryDirectory() as folder:
        for choices in VARIANTS:
            report = export(source, Path(folder, "variant.tflite"), choices=choices)
            values = Detector(report.path).posteriors(stream).values
            reference = values if reference is None else reference
            rows.append(row(report, drift(values, reference)))
    proof = report.verification
    head = f"| {' | '.join(COLUMNS).format(minutes=minutes)} |\n|{'---|' * len(COLUMNS)}\n"
    text = f"Compared on {proof.duration_s:.0f} s: {proof.origin}."
    if proof.auc is not None and proof.auc_change is not None:
        text += f" The area under the ROC curve is {proof.auc - proof.auc_change:.4f} in Keras."
    return head + "\n".join(rows) + f"\n\n{text}\n"


def long_stream(minutes: int) -> NDArray[np.float32]:
    """Returns speech of the train split, `ROUNDS` times over, as one stream."""
    samples = find_evidence(find_rows(()), RATE, split="train").samples
    return np.tile(np.resize(samples, minutes * 60 * RATE // ROUNDS), ROUNDS)


def drift(values: NDArray[np.float32], reference: NDArray[np.float32]) -> str:
    """Returns the mean distance in the first and in the last round of a stream."""
    length = len(values) // ROUNDS
    distance = np.abs(values - reference)
    return f"{distance[:length].mean():.1e} → {distance[-length:].mean():.1e}"


def row(report: ExportReport, drifted: str) -> str:
    """Returns the line of a variant."""
    inspection = inspect(load_artifact(report.path))
    small = inspection.signatures[0]
    proof = report.verification
    cells = [
        ", ".join(names(report)),
        f"{report.size / 1000:.0f} KB",
        f"{sum(small.ops.values())} of {len(small.ops)} kinds",
        "–" if small.arena_bytes is None else f"{small.arena_bytes / 1000:.1f} KB",
        f"{proof.max_difference:.1e}",
        f"{proof.changed_share:.2%}",
        "" if proof.auc_change is None else f"{proof.auc_change:+.5f}",
        drifted,
        " / ".join(f"{signature.frame_us:.1f}" for signature in inspection.signatures),
        arm_cell(report),
    ]
    return f"| {' | '.join(cells)} |"


def arm_cell(report: ExportReport) -> str:
    """Returns the instructions of a frame on ARM, where they can be counted here and the bundle's C can run it."""
    if report.metadata.input != "audio" or arm.absent() is not None:
        return "–"
    return " / ".join(f"{count / 1000:.0f} k" for count in arm.instructions(report.path))


def names(report: ExportReport) -> Iterator[str]:
    """Yields the options that make a variant."""
    metadata = report.metadata
    yield "float32" if metadata.quantization == "none" else f"`--quantize {metadata.quantization}`"
    if metadata.input != "audio":
        yield f"`--input {metadata.input}`"
    elif metadata.dft != "matmul":
        yield f"`--dft {metadata.dft}`"
    largest = max(metadata.signatures.values())
    if largest > 1:
        yield f"1 and {largest} frames a call"


if __name__ == "__main__":
    main()
