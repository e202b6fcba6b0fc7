"""Kotlin: the decision is compiled and run over the vectors, the rest compiled, against stubs of Android."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
HINT = "apt install default-jdk-headless; npm install kotlin-compiler; VAD_KOTLINC=…/kotlin-compiler/bin/kotlinc"


@pytest.fixture(scope="module")
def kotlinc() -> str:
    """A Kotlin compiler and a Java to run it."""
    found = os.environ.get("VAD_KOTLINC") or shutil.which("kotlinc")
    if found is None or shutil.which("java") is None:
        pytest.skip(f"no Kotlin compiler: the Android port is not compiled ({HINT})")
    return found


def test_kotlin_decides_as_python_does(
    kotlinc: str, sources: Path, stored_cases: Any, run_port: Any, tmp_path: Path
) -> None:
    code = sources / "android" / "src" / "main" / "kotlin" / "vad"
    files = [code / "Decision.kt", code / "Stream.kt", HERE / "DecisionDriver.kt"]
    program = tmp_path / "decisions.jar"
    command = [kotlinc, "-Werror", *map(str, files), "-include-runtime", "-d", str(program)]
    subprocess.run(command, check=True, capture_output=True)
    cases, wanted = stored_cases
    assert run_port(["java", "-cp", program, "DecisionDriverKt"], cases) == wanted


def test_the_android_code_compiles_against_stubs(kotlinc: str, sources: Path, tmp_path: Path) -> None:
    files = [*(sources / "android").rglob("*.kt"), *(HERE / "stubs").glob("*.kt")]
    done = subprocess.run([kotlinc, *map(str, files), "-d", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
