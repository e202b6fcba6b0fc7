"""Instructions on ARM: counted the same every time, more for a larger network, and none that loading takes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

# What the products of the front-end and of two layers of 16 take at least, with four of them an instruction.
LEAST = (512 * 32 + 4 * 16 * (40 + 16) + 4 * 16 * (16 + 16)) // 4


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """A script of benchmarks/, which is no package."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return importlib.import_module("arm")
    finally:
        sys.path.remove(str(repository / "benchmarks"))


def test_instructions_are_counted(
    script: ModuleType, energy_artifact: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = script.absent()
    if problem is not None:
        pytest.skip(f"nothing is counted on ARM: {problem}")
    monkeypatch.setattr(script, "CPUS", script.CPUS[:1])
    (small,) = script.instructions(energy_artifact)
    assert LEAST < small < 1_000_000
    packaged = repository / "vad" / "weights" / "vad.tflite"
    if packaged.is_file():
        (large,) = script.instructions(packaged)
        assert large > small
