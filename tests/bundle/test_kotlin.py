"""Kotlin: everything but the microphone is compiled and run, the microphone compiled, against stubs of Android."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def test_kotlin_decides_as_python_does(kotlin_program: list[str], stored_cases: Any, run_port: Any) -> None:
    cases, wanted = stored_cases
    assert run_port([*kotlin_program, "DecisionDriverKt"], cases) == wanted


def test_the_android_code_compiles_against_stubs(kotlinc: str, sources: Path, tmp_path: Path) -> None:
    files = [*(sources / "android").rglob("*.kt"), *(HERE / "stubs").glob("*.kt")]
    done = subprocess.run([kotlinc, *map(str, files), "-d", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
