"""What the ports of the bundle are compared with, and how they are run."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from vad.artifact import load_artifact, save_artifact
from vad.bundle import write_bundle
from vad.decision import DecisionRule
from vad.detector import Detector

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"
Events = list[list[Any]]


def need(program: str, package: str) -> str:
    """Returns the path of a program, or skips and says what to install."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: this port is not run (apt install {package})")
    return path


@pytest.fixture(scope="session")
def vectors() -> ModuleType:
    """The script that makes the vectors."""
    spec = importlib.util.spec_from_file_location("make_vectors", VECTORS / "make_vectors.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sources(repository: Path) -> Path:
    """The templates of the bundle."""
    return repository / "vad" / "bundle"


@pytest.fixture(scope="session")
def stored_cases() -> tuple[list[Any], list[Events]]:
    """The stored cases and what the vectors say of them."""
    fields = json.loads((VECTORS / "decision.json").read_text(encoding="utf-8"))
    values = np.fromfile(VECTORS / "decision.f32", "<f4")
    ends = np.cumsum([row["n_frames"] for row in fields["cases"]])
    parts = np.split(values, ends[:-1])
    assert len(parts[-1]) == fields["cases"][-1]["n_frames"]
    cases = [
        (DecisionRule.from_dict(row["rule"]), row["n_samples"], part)
        for row, part in zip(fields["cases"], parts, strict=True)
    ]
    return cases, [row["events"] for row in fields["cases"]]


@pytest.fixture(scope="session")
def run_port() -> Callable[[Sequence[str], Sequence[Any]], list[Events]]:
    """Runs a port's driver over cases: numbers on its input, events on its output."""

    def run(command: Sequence[str], cases: Sequence[Any]) -> list[Events]:
        done = subprocess.run(
            [str(part) for part in command], input=case_text(cases), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
        found: list[Events] = [[]]
        for line in done.stdout.splitlines():
            kind, *numbers = line.split()
            if kind == "done":
                found.append([])
            else:
                found[-1].append([kind, *map(int, numbers)])
        assert found.pop() == []
        return found

    return run


def case_text(cases: Sequence[Any]) -> str:
    """Returns cases as the drivers read them: posteriors as the bits of a float32, max_speech_s 0 for none."""
    lines = ["16000 512 160"]
    for rule, n_samples, posteriors in cases:
        numbers = [0.0 if value is None else value for value in rule.to_dict().values()]
        lines.append(" ".join(map(repr, numbers)))
        lines.append(f"{n_samples} {len(posteriors)}")
        lines.append(" ".join(map(str, posteriors.astype("<f4").view("<u4").tolist())))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def compiler() -> str:
    """A C compiler."""
    return need("gcc", "gcc")


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js."""
    return need("node", "nodejs")


@pytest.fixture(scope="session")
def model(request: pytest.FixtureRequest, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model; where there is none, one that takes what is loud for speech."""
    packaged = repository / "vad" / "weights" / "vad.tflite"
    if packaged.is_file():
        return packaged
    artifact = load_artifact(request.getfixturevalue("energy_artifact"))
    rule = DecisionRule(0.9568, 0.9, hangover_s=0.05, min_silence_s=0.2, pad_start_s=0.05, max_speech_s=2.5)
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    save_artifact(path, artifact.flatbuffer, dataclasses.replace(artifact.metadata, decision=rule))
    return path


@pytest.fixture(scope="session")
def bundle(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of that model."""
    return write_bundle(model, tmp_path_factory.mktemp("bundle")).folder


@pytest.fixture(scope="session")
def recording(repository: Path) -> Path:
    """14 s of two voices."""
    return repository / "examples" / "recording.wav"


@dataclasses.dataclass(frozen=True)
class Reference:
    """What Python says of the recording."""

    samples: NDArray[np.int16]
    posteriors: NDArray[np.float32]
    segments: list[tuple[float, float]]


@pytest.fixture(scope="session")
def reference(model: Path, recording: Path) -> Reference:
    """What Python says of the recording."""
    samples, rate = soundfile.read(recording, dtype="int16")
    assert rate == 16000
    detector = Detector(model)
    found = Reference(samples, detector.posteriors(samples).values, detector.detect(samples).to_pairs())
    assert len(found.segments) > 1
    return found


@pytest.fixture(scope="session")
def stored_recording(model: Path) -> tuple[NDArray[np.float32], Events]:
    """The stored posteriors and events of the packaged model on the recording."""
    fields = json.loads((VECTORS / "recording.json").read_text(encoding="utf-8"))
    if fields["model_sha256"] != load_artifact(model).digest:
        pytest.fail(
            "tests/vectors/recording.json is of another model than vad/weights/vad.tflite: "
            "make it anew with `python tests/vectors/make_vectors.py` and commit what it writes"
        )
    return np.fromfile(VECTORS / "recording.f32", "<f4"), fields["events"]


@pytest.fixture(scope="session")
def arm64() -> tuple[str, Path, list[str]]:
    """A cross compiler, LiteRT for arm64, and the command that runs its programs."""
    spec = importlib.util.spec_from_file_location("arm64", HERE / "arm64.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    compiler = need("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++6-arm64-cross")
    emulator = need("qemu-aarch64-static", "qemu-user-static")
    folder = module.default_folder()
    if not (folder / "libLiteRt.so").is_file():
        pytest.skip(f"{folder} has no LiteRT for arm64: nothing is run on it (python tests/bundle/arm64.py)")
    return compiler, folder / "libLiteRt.so", [emulator, "-cpu", "cortex-a72", "-L", str(folder / "root")]
