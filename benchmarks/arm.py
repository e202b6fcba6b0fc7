"""Counts the instructions that an ARM executes for a frame: a column of the table in docs/mobile.md.

    python tests/bundle/arm64.py
    apt install qemu-user gcc-aarch64-linux-gnu
    python benchmarks/arm.py [MODEL …]

The C example of the bundle, with the arm64 build of LiteRT, hears N and 2 N frames of the same speech in QEMU's
emulation, where a plugin (`arm.c`) counts what is executed; the difference is that of N frames, without what loading
takes. Everything between samples and events is in it. The count depends on neither machine nor load: a run again gives
it again. It says nothing of how many instructions a processor executes at once, nor of how it waits for memory.

Kernels differ by what a processor can do: `cortex-a72` has the instructions that every 64-bit ARM has, `neoverse-n1`,
the server's name of the Cortex-A76, dot products too, as processors of phones since 2018.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from vad.bundle import write_bundle

ROOT = Path(__file__).resolve().parent.parent
RECORDING = ROOT / "examples" / "recording.wav"
N_FRAMES = 200
CPUS = ("cortex-a72", "neoverse-n1")
# Versions of QEMU's interface of plugins that the few calls of arm.c are the same in.
APIS = range(1, 7)
PROGRAMS = ("gcc", "aarch64-linux-gnu-gcc", "qemu-aarch64")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    packaged = resources.files("vad") / "weights" / "vad.tflite"
    parser.add_argument("models", type=Path, nargs="*", default=[packaged], metavar="MODEL")
    problem = absent()
    if problem is not None:
        parser.exit(1, f"{problem}\n")
    print(f"{'instructions a frame':<40} {' '.join(f'{cpu:>12}' for cpu in CPUS)}")
    for model in parser.parse_args().models:
        print(f"{model.name:<40} {' '.join(f'{count:>12,}' for count in instructions(model))}")


def absent() -> str | None:
    """Returns what is to be installed before anything can be counted; None when it is all there."""
    programs = [name for name in PROGRAMS if shutil.which(name) is None]
    if programs:
        return f"{', '.join(programs)} not installed: apt install gcc gcc-aarch64-linux-gnu qemu-user"
    if not (folder() / "libLiteRt.so").is_file():
        return f"{folder()} has no LiteRT for arm64: python tests/bundle/arm64.py"
    return None


def folder() -> Path:
    """Returns where tests/bundle/arm64.py puts LiteRT for arm64."""
    spec = importlib.util.spec_from_file_location("arm64", ROOT / "tests" / "bundle" / "arm64.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("tests/bundle/arm64.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Path(module.default_folder())


def instructions(model: Path) -> list[int]:
    """Returns instructions a frame of a model with audio input, for each of `CPUS`."""
    samples, _ = soundfile.read(RECORDING, dtype="int16")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        program = build_program(model, work)
        plugin = build_plugin(work)
        found = []
        for cpu in CPUS:
            command = [
                "qemu-aarch64",
                "-cpu",
                cpu,
                "-L",
                str(folder() / "root"),
                "-plugin",
                str(plugin),
                "-d",
                "plugin",
            ]
            command += ["-D", str(work / "count"), str(program), str(model), "16000"]
            counts = [count(command, work / "count", samples[: samples_of(n)]) for n in (N_FRAMES, 2 * N_FRAMES)]
            found.append(round((counts[1] - counts[0]) / N_FRAMES))
        return found


def samples_of(n_frames: int) -> int:
    """Returns how many samples have so many frames."""
    return 512 + 160 * (n_frames - 1)


def build_program(model: Path, work: Path) -> Path:
    """Compiles the C example of the model's bundle."""
    sources = write_bundle(model, work / "bundle").folder / "c"
    library = folder() / "libLiteRt.so"
    parts = [sources / "example.c", sources / "vad.c", library, f"-Wl,-rpath,{library.parent}", "-lm"]
    command = [
        "aarch64-linux-gnu-gcc",
        "-std=c11",
        "-O2",
        "-DVAD_LITERT",
        *map(str, parts),
        "-o",
        str(work / "example"),
    ]
    subprocess.run(command, check=True)
    return work / "example"


def build_plugin(work: Path) -> Path:
    """Compiles the plugin for the first version of the interface that the emulator takes."""
    source = str(Path(__file__).with_name("arm.c"))
    for api in APIS:
        plugin = work / f"arm{api}.so"
        command = ["gcc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", f"-DAPI={api}", source]
        subprocess.run([*command, "-o", str(plugin)], check=True)
        # Without a program it complains of that, or of the plugin.
        said = subprocess.run(
            ["qemu-aarch64", "-plugin", str(plugin), "/"], capture_output=True, text=True, check=False
        )
        if "plugin" not in said.stderr:
            return plugin
    raise RuntimeError(f"the emulator takes no plugin: {said.stderr.strip()}")


def count(command: list[str], log: Path, samples: NDArray[np.int16]) -> int:
    """Returns the instructions that a command executed to hear samples."""
    subprocess.run(command, input=samples.tobytes(), check=True, capture_output=True)
    return int(log.read_text(encoding="ascii").removeprefix("instructions "))


if __name__ == "__main__":
    main()
