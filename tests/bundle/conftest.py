"""What the ports of the bundle are compared with, and how they are run."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
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
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def command_text(part: Any) -> str:
    """Returns a part of a command as the drivers read it.

    Arrays are their length and what is in them, float32 by its bits; a rule has 0 for a field that is None.
    """
    if isinstance(part, DecisionRule):
        return " ".join(repr(0.0 if value is None else value) for value in part.to_dict().values())
    if isinstance(part, np.ndarray):
        numbers = part.view(np.uint32) if part.dtype == np.float32 else part
        return " ".join(map(str, [len(part), *numbers.tolist()]))
    return str(part)


def need(program: str, package: str) -> str:
    """Returns the path of a program, or skips and says what to install."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: this port is not run (apt install {package})")
    return path


def load(path: Path) -> ModuleType:
    """Returns a script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def vectors() -> ModuleType:
    """The script that makes the vectors."""
    return load(VECTORS / "make_vectors.py")


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
    """Returns cases as the drivers read them."""
    lines = ["16000 512 160"]
    for rule, n_samples, posteriors in cases:
        lines += [command_text(rule), f"{n_samples} {command_text(posteriors)}"]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def compiler() -> str:
    """A C compiler."""
    return need("gcc", "gcc")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], contextlib.AbstractContextManager[Path]]:
    """Folders that all workers of this run share, each for one at a time: what is slow to compile is compiled once."""
    own = tmp_path_factory.getbasetemp()
    home = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    @contextlib.contextmanager
    def lend(name: str) -> Iterator[Path]:
        folder = home / f"shared-{name}"
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder

    return lend


@pytest.fixture(scope="session")
def kotlinc() -> str:
    """A Kotlin compiler and a Java to run it."""
    hint = "apt install default-jdk-headless; npm install kotlin-compiler; VAD_KOTLINC=…/kotlin-compiler/bin/kotlinc"
    found = os.environ.get("VAD_KOTLINC") or shutil.which("kotlinc")
    if found is None or shutil.which("java") is None:
        pytest.skip(f"no Kotlin compiler: the Android port is not compiled ({hint})")
    return found


@pytest.fixture(scope="session")
def kotlin_program(kotlinc: str, sources: Path, shared: Any) -> list[str]:
    """Java on what of the Android port runs anywhere, and the drivers: the name of one is to follow."""
    code = sources / "android" / "src" / "main" / "kotlin" / "vad"
    files = [code / "Decision.kt", code / "Stream.kt", HERE / "DecisionDriver.kt", HERE / "StreamDriver.kt"]
    with shared("kotlin") as folder:
        program = folder / "drivers.jar"
        if not program.is_file():
            command = [kotlinc, "-Werror", *map(str, files), "-include-runtime", "-d", str(program)]
            subprocess.run(command, check=True, capture_output=True)
    return ["java", "-cp", str(program)]


@pytest.fixture(scope="session")
def swift() -> Any:
    """A Swift compiler."""
    module = load(HERE / "swift.py")
    folder = module.default_folder()
    if not module.is_there(folder):
        pytest.skip(f"{folder} has no Swift compiler: the iOS port is not compiled (python tests/bundle/swift.py)")
    need("gcc", "gcc")
    return module.Swift(folder)


@pytest.fixture(scope="session")
def swift_program(swift: Any, sources: Path, shared: Any) -> list[str]:
    """What of the iOS port runs anywhere, and its driver."""
    code = sources / "ios" / "Sources" / "Vad"
    files = [*(code / f"{name}.swift" for name in ("Decision", "Resampler", "Stream")), HERE / "Driver.swift"]
    with shared("swift") as folder:
        program = folder / "driver"
        return [*swift.loader, str(program)] if program.is_file() else swift.build(files, program)


@pytest.fixture(scope="session")
def c_program(compiler: str, bundle: Path, shared: Any) -> list[str]:
    """The C port without a model, and its driver, under the sanitizers."""
    with shared("c") as folder:
        program = folder / "streams"
        parts = [HERE / "stream_driver.c", bundle / "c" / "vad.c", f"-I{bundle / 'c'}", "-lm", "-o", program]
        if not program.is_file():
            subprocess.run([compiler, *WARNINGS, *SANITIZERS, "-O1", *map(str, parts)], check=True)
    return [str(program)]


@pytest.fixture(scope="session", params=["c", "javascript", "kotlin", "swift"])
def stream_driver(request: pytest.FixtureRequest) -> list[str]:
    """The command that runs a port's driver of resamplers and streams."""
    port = request.param
    if port == "javascript":
        bundle = request.getfixturevalue("bundle")
        return [request.getfixturevalue("node"), str(HERE / "stream_driver.js"), str(bundle / "web")]
    program = list(request.getfixturevalue(f"{port}_program"))
    return [*program, "StreamDriverKt"] if port == "kotlin" else program


@dataclasses.dataclass
class Told:
    """What a driver printed for one command."""

    values: list[int] = dataclasses.field(default_factory=list)
    events: Events = dataclasses.field(default_factory=list)

    @property
    def floats(self) -> NDArray[np.float32]:
        """The values."""
        return np.array(self.values, np.uint32).view(np.float32)


@pytest.fixture(scope="session")
def ask() -> Callable[[Sequence[str], Sequence[Sequence[Any]]], list[Told]]:
    """Runs a driver of streams over commands: words, numbers, rules and arrays."""

    def run(program: Sequence[str], commands: Sequence[Sequence[Any]]) -> list[Told]:
        words = [str(part) for part in program]
        text = "\n".join(" ".join(map(command_text, command)) for command in commands)
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
        told = [Told()]
        for line in done.stdout.splitlines():
            kind, *numbers = line.split()
            if kind == "done":
                told.append(Told())
            elif kind == "value":
                told[-1].values.append(int(numbers[0]))
            else:
                told[-1].events.append([kind, *map(int, numbers)])
        assert told.pop() == Told()
        return told

    return run


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
def quantized(model: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes the model in smaller numbers, calibrated on the speech of the repository."""
    from vad.export.calibration import calibrate
    from vad.export.evidence import find_rows, real_speech
    from vad.export.quantize import quantize

    artifact = load_artifact(model)
    speech = real_speech(find_rows([repository / "data_manifests" / "tiny.jsonl.gz"]), 16000)
    ranges = calibrate(artifact.flatbuffer, artifact.metadata, speech.samples)
    folder = tmp_path_factory.mktemp("quantized")

    def make(numbers: str) -> Path:
        path = folder / f"{numbers}.tflite"
        metadata = dataclasses.replace(artifact.metadata, quantization=numbers)
        save_artifact(path, quantize(artifact.flatbuffer, numbers, ranges), metadata)
        return path

    return make


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
    module = load(HERE / "arm64.py")
    compiler = need("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++6-arm64-cross")
    emulator = need("qemu-aarch64-static", "qemu-user-static")
    folder = module.default_folder()
    if not (folder / "libLiteRt.so").is_file():
        pytest.skip(f"{folder} has no LiteRT for arm64: nothing is run on it (python tests/bundle/arm64.py)")
    return compiler, folder / "libLiteRt.so", [emulator, "-cpu", "cortex-a72", "-L", str(folder / "root")]
