"""C runs the model in LiteRT, here and on an emulated ARM, and hears what Python hears."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
HERE = Path(__file__).resolve().parent


def _build(compiler: str, bundle: Path, library: Path, program: Path, flags: Sequence[str] = ()) -> Path:
    sources = [bundle / "c" / "example.c", bundle / "c" / "vad.c"]
    paths = [*sources, library, f"-Wl,-rpath,{library.parent}", "-lm", "-o", program]
    subprocess.run([compiler, *WARNINGS, "-O2", "-DVAD_LITERT", *flags, *map(str, paths)], check=True)
    return program


def _rows(command: Sequence[Any], samples: Any, rate: int = 16000) -> tuple[Any, list[list[str]]]:
    """Returns the posteriors and the events that the example prints."""
    arguments = [*map(str, command), str(rate), "posteriors"]
    done = subprocess.run(arguments, input=samples.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    posteriors = np.array([float(row[2]) for row in rows if row[0] == "posterior"], np.float32)
    return posteriors, [row for row in rows if row[0] != "posterior"]


def _run(command: Sequence[Any], samples: Any, rate: int = 16000) -> tuple[Any, list[tuple[float, float]]]:
    """Returns the posteriors and the segments that the example prints."""
    posteriors, rows = _rows(command, samples, rate)
    return posteriors, [(float(row[1]), float(row[2])) for row in rows if row[0] == "end"]


def _tells_what_is_stored(command: Sequence[Any], samples: Any, stored: Any, most: float) -> None:
    """Posteriors within `most`, and the events that the example prints equal, to the sample and in their order."""
    posteriors, rows = _rows(command, samples)
    wanted, events = stored
    np.testing.assert_allclose(posteriors, wanted, rtol=0, atol=most)
    places = {"start": slice(1, 2), "end": slice(1, 3)}
    told = [[row[0], *(round(float(time) * 16000) for time in row[1:])] for row in rows]
    assert told == [[event[0], *event[places[event[0]]]] for event in events if event[0] in places]


@pytest.fixture(scope="module")
def library() -> Path:
    """LiteRT with its C interface, from the Python package."""
    found = importlib.util.find_spec("ai_edge_litert")
    assert found is not None and found.origin is not None
    path = Path(found.origin).parent / "libLiteRt.so"
    if not path.is_file():
        pytest.skip(f"{path} is not there: this build of ai-edge-litert carries no C library")
    return path


@pytest.mark.parametrize("flags", [(), SANITIZERS])
def test_c_hears_what_python_hears(
    bundle: Path, library: Path, compiler: str, reference: Any, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    program = _build(compiler, bundle, library, tmp_path / "example", flags)
    posteriors, segments = _run([program, bundle / "vad.tflite"], reference.samples)
    np.testing.assert_allclose(posteriors, reference.posteriors, rtol=0, atol=1e-6)
    np.testing.assert_allclose(segments, reference.segments, rtol=0, atol=1e-6)


def test_c_tells_what_is_stored(
    bundle: Path, library: Path, compiler: str, reference: Any, stored_recording: Any, tmp_path: Path
) -> None:
    program = _build(compiler, bundle, library, tmp_path / "example")
    _tells_what_is_stored([program, bundle / "vad.tflite"], reference.samples, stored_recording, 1e-4)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_c_resamples(bundle: Path, library: Path, compiler: str, reference: Any, tmp_path: Path, rate: int) -> None:
    program = _build(compiler, bundle, library, tmp_path / "example", SANITIZERS)
    samples = soxr.resample(reference.samples.astype(np.float32), 16000, rate)
    found, _ = _run([program, bundle / "vad.tflite"], np.clip(np.round(samples), -32768, 32767).astype("<i2"), rate)
    assert len(found) == len(reference.posteriors)
    if rate > 16000:
        assert np.abs(found - reference.posteriors).mean() < 0.03


def test_arm_decides_as_python_does(
    bundle: Path, reference: Any, tmp_path: Path, arm64: tuple[str, Path, list[str]]
) -> None:
    compiler, library, emulator = arm64
    program = _build(compiler, bundle, library, tmp_path / "example")
    posteriors, segments = _run([*emulator, program, bundle / "vad.tflite"], reference.samples)
    np.testing.assert_allclose(posteriors, reference.posteriors, rtol=0, atol=1e-3)
    np.testing.assert_allclose(segments, reference.segments, rtol=0, atol=1e-6)


def test_arm_tells_what_is_stored(
    bundle: Path, reference: Any, stored_recording: Any, tmp_path: Path, arm64: tuple[str, Path, list[str]]
) -> None:
    compiler, library, emulator = arm64
    program = _build(compiler, bundle, library, tmp_path / "example")
    _tells_what_is_stored([*emulator, program, bundle / "vad.tflite"], reference.samples, stored_recording, 1e-3)


def test_arm_runs_the_vectors(
    sources: Path, stored_cases: Any, run_port: Any, tmp_path: Path, arm64: tuple[str, Path, list[str]]
) -> None:
    compiler, _, emulator = arm64
    files = [HERE / "decision_driver.c", sources / "c" / "vad.c", "-lm", "-o", tmp_path / "decisions"]
    subprocess.run([compiler, *WARNINGS, "-O2", f"-I{sources / 'c'}", *map(str, files)], check=True)
    cases, wanted = stored_cases
    assert run_port([*emulator, tmp_path / "decisions"], cases) == wanted
