"""From a sequence model to a TensorFlow Lite flatbuffer, with the converter in a process of its own.

The converter is C++ that can end its process (it has crashed on LSTMs before), so it runs as a child, and a crash is
an error message that holds what the child last said.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vad.artifact import Metadata
from vad.errors import ModelError
from vad.export.flatbuffer import name_tensors, pack, unpack
from vad.graphs import count_ops

_LAST_LINES = 5

# Run by the child with two arguments, folder of the SavedModel and file to write, then the signature names.
_CHILD = """
import pathlib, sys
import tensorflow as tf
converter = tf.lite.TFLiteConverter.from_saved_model(sys.argv[1], signature_keys=sys.argv[3:])
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
pathlib.Path(sys.argv[2]).write_bytes(converter.convert())
"""


def convert_step_model(step_model: Any, frames_per_call: Iterable[int]) -> bytes:
    """Converts a step model with one signature ``audio_<k>`` or ``features_<k>`` per number of frames.

    Args:
        step_model: a `vad.models.StepModel`.
        frames_per_call: frames that each signature advances.

    Returns:
        The flatbuffer: float32, built-in operations only, the weights' tensors under their names.

    Raises:
        ModelError: when the converter fails or its process dies; the message ends with its last lines.
    """
    import tensorflow as tf

    signatures = {signature_name(k, step_model.source): step_model.signature(k) for k in frames_per_call}
    with tempfile.TemporaryDirectory(prefix="vad-export-") as folder:
        saved_model, output = Path(folder, "saved_model"), Path(folder, "model.tflite")
        tf.saved_model.save(step_model, str(saved_model), signatures=signatures)
        run_converter([str(saved_model), str(output), *signatures])
        graph = unpack(output.read_bytes())
    name_tensors(graph, step_model.weights.to_named())
    return pack(graph)


def signature_name(frames: int, source: str = "audio") -> str:
    """Returns the name of the signature that takes the audio, or the features, of so many frames."""
    return f"{source}_{frames}"


def signature_table(frames_per_call: Iterable[int], source: str = "audio") -> dict[str, int]:
    """Returns frames per call by signature name, as `Metadata` has them."""
    return {signature_name(k, source): k for k in frames_per_call}


def run_converter(arguments: list[str], program: str = _CHILD) -> None:
    """Runs the converter in a child process without a GPU.

    Args:
        arguments: folder of the SavedModel, file to write, signature names.
        program: what the child runs.

    Raises:
        ModelError: when the child ends in any other way than well.
    """
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2"}
    child = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if child.returncode == 0:
        return
    lines = [line.strip() for line in child.stdout.splitlines() if line.strip()]
    end = f"exit status {child.returncode}"
    if child.returncode < 0:
        end = f"killed by {signal.Signals(-child.returncode).name}"
    said = " | ".join(lines[-_LAST_LINES:]) if lines else "it said nothing"
    raise ModelError(f"the TensorFlow Lite converter failed ({end}): {said}")


def check_ops(flatbuffer: bytes, metadata: Metadata) -> dict[str, int]:
    """Counts the operations of a model over all its signatures and refuses any that is not built in.

    Args:
        flatbuffer: a TensorFlow Lite model.
        metadata: of the model; its signatures must be there.

    Returns:
        Counts by the operation's name in the TensorFlow Lite schema, most frequent first.

    Raises:
        ModelError: names the custom and Flex operations, which LiteRT on a phone lacks, or the missing signature.
    """
    model = unpack(flatbuffer)
    custom = sorted(code.customCode.decode() for code in model.operatorCodes if code.customCode)
    if custom:
        raise ModelError(
            f"the converted model needs operations that LiteRT does not have built in: {', '.join(custom)}"
        )
    signatures = {definition.signatureKey.decode() for definition in model.signatureDefs}
    missing = set(metadata.signatures) - signatures
    if missing:
        raise ModelError(f"the converted model lacks the signatures {sorted(missing)}, it has {sorted(signatures)}")
    counts: Counter[str] = Counter()
    for graph in model.subgraphs:
        counts.update(count_ops(model, graph))
    return dict(counts.most_common())
