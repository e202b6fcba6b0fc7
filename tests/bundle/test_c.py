"""C runs the model in LiteRT, here and on an emulated ARM, and hears what Python hears."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import soxr

from vad.artifact import Metadata, save_artifact
from vad.bundle import write_bundle
from vad.detector import Detector

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FRAME = 160
# A compiler, LiteRT, and the command that its programs are run with.
Machine = tuple[str, Path, list[str]]
HERE = Path(__file__).resolve().parent


def _build(compiler: str, sources: Sequence[Path], library: Path, program: Path, flags: Sequence[str] = ()) -> Path:
    """Compiles a program of the bundle's C with LiteRT."""
    folder = sources[-1].parent
    parts = [f"-I{folder}", *sources, library, f"-Wl,-rpath,{library.parent}", "-lm", "-o", program]
    subprocess.run([compiler, *WARNINGS, "-O2", "-DVAD_LITERT", *flags, *map(str, parts)], check=True)
    return program


def _example(compiler: str, bundle: Path, library: Path, program: Path, flags: Sequence[str] = ()) -> Path:
    return _build(compiler, [bundle / "c" / "example.c", bundle / "c" / "vad.c"], library, program, flags)


def _listener(compiler: str, bundle: Path, library: Path, program: Path) -> Path:
    return _build(compiler, [HERE / "stream_driver.c", bundle / "c" / "vad.c"], library, program)


def _run(command: Sequence[Any], samples: Any, rate: int = 16000) -> tuple[Any, list[tuple[float, float]]]:
    """Returns the posteriors and the segments that the example prints."""
    arguments = [*map(str, command), str(rate), "posteriors"]
    done = subprocess.run(arguments, input=samples.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    posteriors = np.array([float(row[2]) for row in rows if row[0] == "posterior"], np.float32)
    return posteriors, [(float(row[1]), float(row[2])) for row in rows if row[0] == "end"]


@pytest.fixture(scope="module")
def library() -> Path:
    """LiteRT with its C interface, from the Python package."""
    found = importlib.util.find_spec("ai_edge_litert")
    assert found is not None and found.origin is not None
    path = Path(found.origin).parent / "libLiteRt.so"
    if not path.is_file():
        pytest.skip(f"{path} is not there: this build of ai-edge-litert carries no C library")
    return path


@pytest.fixture(params=["here", "arm64"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """This machine, and an emulated ARM."""
    if request.param == "arm64":
        return cast(Machine, request.getfixturevalue("arm64"))
    return request.getfixturevalue("compiler"), request.getfixturevalue("library"), []


@pytest.mark.parametrize("flags", [(), SANITIZERS])
def test_c_hears_what_python_hears(
    bundle: Path, library: Path, compiler: str, reference: Any, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    program = _example(compiler, bundle, library, tmp_path / "example", flags)
    posteriors, segments = _run([program, bundle / "vad.tflite"], reference.samples)
    np.testing.assert_allclose(posteriors, reference.posteriors, rtol=0, atol=1e-6)
    np.testing.assert_allclose(segments, reference.segments, rtol=0, atol=1e-6)


def test_c_tells_what_is_stored(
    bundle: Path, machine: Machine, reference: Any, stored_recording: Any, ask: Any, tmp_path: Path
) -> None:
    """Every number of every event: where speech begins and ends, with and without pads, and when that is known."""
    compiler, library, emulator = machine
    program = _listener(compiler, bundle, library, tmp_path / "listener")
    (told,) = ask([*emulator, program, bundle / "vad.tflite"], [("listen", 16000, FRAME, reference.samples)])
    wanted, events = stored_recording
    np.testing.assert_allclose(told.floats, wanted, rtol=0, atol=1e-3 if emulator else 1e-4)
    assert told.events == events


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_c_resamples(bundle: Path, library: Path, compiler: str, reference: Any, tmp_path: Path, rate: int) -> None:
    program = _example(compiler, bundle, library, tmp_path / "example", SANITIZERS)
    samples = soxr.resample(reference.samples.astype(np.float32), 16000, rate)
    found, _ = _run([program, bundle / "vad.tflite"], np.clip(np.round(samples), -32768, 32767).astype("<i2"), rate)
    assert len(found) == len(reference.posteriors)
    if rate > 16000:
        assert np.abs(found - reference.posteriors).mean() < 0.03


def test_c_carries_whatever_states_a_cell_has(
    library: Path, compiler: str, reference: Any, ask: Any, tmp_path: Path
) -> None:
    """Their number, names and shapes are the model's own."""
    pytest.importorskip("tensorflow", reason="tensorflow is not installed: no other cell is exported")
    model = _other_cell(tmp_path / "other.tflite")
    bundle = write_bundle(model, tmp_path / "bundle").folder
    sources = [HERE / "stream_driver.c", bundle / "c" / "vad.c"]
    program = _build(compiler, sources, library, tmp_path / "listener", SANITIZERS)
    samples = reference.samples[:48000]
    (told,) = ask([program, model], [("listen", 16000, FRAME, samples)])
    np.testing.assert_allclose(told.floats, Detector(model).posteriors(samples).values, rtol=0, atol=1e-6)


def _other_cell(path: Path) -> Path:
    from vad.config.model import ModelConfig
    from vad.export.convert import convert_step_model, signature_table
    from vad.features.spec import FeatureSpec
    from vad.models import StepModel, build_model

    network = build_model(ModelConfig(cell="gru", units=6, layers=3, lookahead_frames=2), 40, use_cudnn=False)
    network.get_layer("normalization").set_statistics(np.full(40, -7.0, np.float32), np.full(40, 2.0, np.float32))
    step_model = StepModel(network, FeatureSpec())
    metadata = Metadata(
        features=FeatureSpec(),
        lookahead_frames=2,
        states=step_model.state_shapes,
        signatures=signature_table((1,)),
    )
    assert len(metadata.states) == 3
    save_artifact(path, convert_step_model(step_model, (1,)), metadata)
    return path


@pytest.mark.parametrize("numbers", ["dynamic", "int8"])
def test_arm_decides_as_python_does_in_smaller_numbers(
    numbers: str, quantized: Any, reference: Any, ask: Any, tmp_path: Path, arm64: Machine
) -> None:
    """The same file here and there. Kernels round differently: no end of a segment moves by more than two frames."""
    compiler, library, emulator = arm64
    model = quantized(numbers)
    bundle = write_bundle(model, tmp_path / "bundle").folder
    program = _listener(compiler, bundle, library, tmp_path / "listener")
    (told,) = ask([*emulator, program, model], [("listen", 16000, FRAME, reference.samples)])
    detector = Detector(model)
    wanted = detector.posteriors(reference.samples).values
    assert np.abs(told.floats - wanted).max() < 0.1
    assert np.abs(told.floats - wanted).mean() < 0.005
    ends = np.array([event[1:3] for event in told.events if event[0] == "end"]) / 16000
    segments = np.array(detector.detect(reference.samples).to_pairs())
    assert ends.shape == segments.shape
    assert np.abs(ends - segments).max() <= 2 * FRAME / 16000 + 1e-6


def test_arm_runs_the_vectors(sources: Path, stored_cases: Any, run_port: Any, tmp_path: Path, arm64: Machine) -> None:
    compiler, _, emulator = arm64
    files = [HERE / "decision_driver.c", sources / "c" / "vad.c", "-lm", "-o", tmp_path / "decisions"]
    subprocess.run([compiler, *WARNINGS, "-O2", f"-I{sources / 'c'}", *map(str, files)], check=True)
    cases, wanted = stored_cases
    assert run_port([*emulator, tmp_path / "decisions"], cases) == wanted
