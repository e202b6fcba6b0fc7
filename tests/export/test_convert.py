"""Laws of the conversion: built-in operations only, and whatever ends the converter is a message."""

from __future__ import annotations

import dataclasses
import os

import pytest

from vad.artifact import load_artifact
from vad.errors import ModelError
from vad.export.convert import check_ops, run_converter


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise ValueError('no such op')", r"failed \(exit status 1\): .*ValueError: no such op"),
        ("import os; os.kill(os.getpid(), 11)", r"failed \(killed by SIGSEGV\): it said nothing"),
        ("print('first'); print('last words'); raise SystemExit(3)", r"exit status 3\): first \| last words"),
    ],
    ids=["exception", "crash", "exit"],
)
def test_a_converter_that_ends_is_a_message(program, message):
    with pytest.raises(ModelError, match=message):
        run_converter([], program)


def test_the_converter_sees_no_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    run_converter([], "import os, sys; sys.exit(os.environ['CUDA_VISIBLE_DEVICES'] != '')")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


def test_only_built_in_operations(energy_artifact):
    artifact = load_artifact(energy_artifact)
    ops = check_ops(artifact.flatbuffer, artifact.metadata)
    assert {"FULLY_CONNECTED", "LOGISTIC", "TANH"} <= set(ops)
    assert "WHILE" not in ops


def test_a_missing_signature_is_named(energy_artifact):
    artifact = load_artifact(energy_artifact)
    metadata = dataclasses.replace(artifact.metadata, signatures={"audio_1": 1, "audio_9": 9})
    with pytest.raises(ModelError, match=r"lacks the signatures \['audio_9'\]"):
        check_ops(artifact.flatbuffer, metadata)


def test_flex_operations_are_refused(energy_artifact):
    """A graph that only converts with TensorFlow's own kernels."""
    import tensorflow as tf

    function = tf.function(tf.linalg.cholesky, input_signature=[tf.TensorSpec([2, 2], tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    with pytest.raises(ModelError, match="not have built in: FlexCholesky"):
        check_ops(converter.convert(), load_artifact(energy_artifact).metadata)
