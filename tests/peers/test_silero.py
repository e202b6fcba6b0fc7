"""Silero's rule against Silero's own function, and its context and state against a plain run of the model."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.errors import MissingDependencyError, ModelError
from vad.peers import SileroEngine, SileroRule


@pytest.fixture(scope="module")
def theirs() -> Any:
    """Their function, cut out of their file: importing the file would need torch."""
    spec = find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("silero-vad is not installed: pip install --no-deps silero-vad")
    source = (Path(spec.submodule_search_locations[0]) / "utils_vad.py").read_text()
    name = "get_speech_timestamps_from_probs"
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name]
    if not functions:
        pytest.skip(f"this silero-vad has no {name}")
    scope: dict[str, Any] = {"List": list}
    exec(compile(ast.Module(functions, []), "utils_vad.py", "exec"), scope)
    return scope[name]


_VALUES = st.lists(
    st.one_of(st.sampled_from([0.0, 0.34, 0.35, 0.4, 0.5, 0.9]), st.floats(0, 1, width=32)), min_size=1, max_size=80
)


@given(_VALUES, st.integers(0, 511))
def test_our_copy_of_the_rule_is_theirs(theirs: Any, values: list[float], short: int) -> None:
    n_samples = len(values) * 512 - short
    probabilities = np.array(values, np.float32)
    wanted = theirs([float(p) for p in probabilities], audio_length_samples=n_samples)
    found = SileroRule().segment(probabilities, n_samples).to_pairs()
    merged = []
    for span in wanted:  # pads that meet leave two of their segments touching; ours are one timeline
        if merged and span["start"] <= merged[-1][1]:
            merged[-1][1] = span["end"]
        else:
            merged.append([span["start"], span["end"]])
    assert [[round(a * 16000), round(b * 16000)] for a, b in found] == merged


def test_state_and_context_are_carried() -> None:
    try:
        engine = SileroEngine()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    samples = (0.1 * np.random.default_rng(0).standard_normal(512 * 20)).astype(np.float32)
    stream = engine.start()
    stream.push(samples)
    state, padded, wanted = np.zeros((2, 1, 128), np.float32), np.concatenate([np.zeros(64, np.float32), samples]), []
    for i in range(20):
        inputs = {"input": padded[None, 512 * i : 512 * i + 576], "state": state, "sr": np.array(16000)}
        value, state = engine._session.run(None, inputs)
        wanted.append(value[0, 0])
    np.testing.assert_array_equal(stream.finish().values, np.array(wanted, np.float32))


@pytest.mark.parametrize("n_samples", [0, 1, 512 * 7, 512 * 7 + 100])
def test_recordings_side_by_side_are_judged_as_one_by_one(n_samples: int) -> None:
    try:
        engine = SileroEngine()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    recordings = (0.1 * np.random.default_rng(1).standard_normal((3, n_samples))).astype(np.float32)
    times, values = engine.judge(recordings)
    assert values.dtype == np.float32 and values.shape == (3, times.size)
    for recording, found in zip(recordings, values, strict=True):
        stream = engine.start()
        stream.push(recording)
        wanted = stream.finish()
        np.testing.assert_allclose(found, wanted.values, atol=1e-5)
        np.testing.assert_allclose(times, wanted.times)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "model.onnx"
    path.write_text("no model")
    with pytest.raises(ModelError, match=r"model\.onnx: onnxruntime cannot load it"):
        SileroEngine(path)
