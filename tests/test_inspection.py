"""Laws of the inspection: it counts what the file holds, without TensorFlow."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from vad.artifact import load_artifact
from vad.export.convert import check_ops
from vad.inspection import ConstantRow, inspect


@pytest.fixture(scope="module")
def inspection(energy_artifact):
    return inspect(load_artifact(energy_artifact))


def test_operations_are_those_of_the_file(inspection):
    artifact = inspection.artifact
    assert dict(inspection.ops) == check_ops(artifact.flatbuffer, artifact.metadata)
    small, large = inspection.signatures
    assert (small.name, small.frames) == ("audio_1", 1)
    assert (large.name, large.frames) == ("audio_32", 32)
    # Two layers, one hyperbolic tangent of the candidate and one of the cell, frame by frame.
    assert (small.ops["TANH"], large.ops["TANH"]) == (4, 128)


def test_signatures_name_their_tensors(inspection):
    inputs = {row.name: (row.shape, row.dtype) for row in inspection.signatures[0].inputs}
    assert inputs["audio"] == ((1, 512), "float32")
    assert inputs["c_1"] == ((1, 16), "float32")
    outputs = {row.name: row.shape for row in inspection.signatures[1].outputs}
    assert outputs["posteriors"] == (1, 32)


def test_weights_are_listed_once(inspection):
    rows = {row.name: row for row in inspection.weights}
    assert rows["lstm_0/kernel"].shape == (64, 40)
    assert rows["lstm_0/kernel"].size == 4 * 64 * 40
    assert rows["lstm_0/kernel"].scale is None
    # The bias of the logits is zero, and so it is not there.
    assert set(rows) == {f"lstm_{i}/{part}" for i in (0, 1) for part in ("kernel", "recurrent", "bias")} | {
        "logits/kernel"
    }
    assert sum(inspection.constants.values()) < len(inspection.artifact.flatbuffer)
    assert inspection.constants["float32"] > sum(row.size for row in inspection.weights)


@pytest.mark.parametrize(("shapes", "wanted"), [
    ({"lstm_0/kernel": (64, 40)}, "log"),
    ({"lstm_0/kernel": (64, 40), "lstm_1/kernel": (64, 80), "pcen/smoothing": (40,)}, "pcen"),
    ({"gru_0/kernel": (64, 80), "lstm_1/bias;pcen/smoothing": (40,)}, "both"),
])  # fmt: skip
def test_what_is_seen_of_the_frames_is_told(inspection, shapes, wanted):
    assert inspection.compression == "log"
    weights = tuple(ConstantRow(name, shape, "float32", 4, None) for name, shape in shapes.items())
    assert dataclasses.replace(inspection, weights=weights).compression == wanted


def test_memory_and_time_are_of_this_model(inspection):
    for row in inspection.signatures:
        spoken = 4 * sum(_size(tensor.shape) for tensor in row.inputs)
        assert spoken < row.live_bytes <= row.arena_bytes < row.unshared_bytes
        assert row.frame_us == pytest.approx(row.call_us / row.frames)
        assert row.call_us > 0
    assert inspection.signatures[0].live_bytes < inspection.signatures[1].live_bytes


def _size(shape):
    size = 1
    for length in shape:
        size *= length
    return size


def test_it_needs_no_tensorflow(energy_artifact):
    program = (
        "import sys; from click.testing import CliRunner; from vad.cli import main; "
        "done = CliRunner().invoke(main, ['inspect', sys.argv[1]]); assert done.exit_code == 0, done.output; "
        "print(sorted({'tensorflow', 'keras', 'librosa', 'scipy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(energy_artifact)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
