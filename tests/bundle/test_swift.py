"""Swift: all but the microphone is compiled and run, the microphone compiled, against stubs of Apple's libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


def test_swift_parses(sources: Path) -> None:
    hint = "not installed: Swift is not parsed (pip install tree-sitter tree-sitter-swift)"
    parser = pytest.importorskip("tree_sitter", reason=f"tree-sitter {hint}")
    grammar = pytest.importorskip("tree_sitter_swift", reason=f"tree-sitter-swift {hint}")
    files = sorted((sources / "ios").rglob("*.swift"))
    assert len(files) == 5
    for path in files:
        tree = parser.Parser(parser.Language(grammar.language())).parse(path.read_bytes())
        assert not tree.root_node.has_error, path


def test_swift_and_kotlin_have_the_functions_of_python(sources: Path) -> None:
    steps = (
        "elapse",
        "schedule",
        "enter",
        "keep",
        "tell",
        "close",
        "part",
        "cut",
        "paddedStart",
        "framesPast",
        "giveUp",
    )
    swift = (sources / "ios" / "Sources" / "Vad" / "Decision.swift").read_text(encoding="utf-8")
    kotlin = (sources / "android" / "src" / "main" / "kotlin" / "vad" / "Decision.kt").read_text(encoding="utf-8")
    assert [f"func {step}(" in swift for step in steps] == [True] * len(steps)
    assert [f"fun {step}(" in kotlin for step in steps] == [True] * len(steps)


def test_swift_decides_as_python_does(swift_program: list[str], stored_cases: Any, run_port: Any) -> None:
    cases, wanted = stored_cases
    assert run_port([*swift_program, "decisions"], cases) == wanted


def test_the_ios_code_compiles_against_stubs(swift: Any, sources: Path, tmp_path: Path) -> None:
    for name in ("AVFoundation", "TensorFlowLite"):
        module = ["-emit-module", "-parse-as-library", "-module-name", name, "-o", tmp_path / f"{name}.swiftmodule"]
        swift.compile(module, [HERE / "stubs" / f"{name}.swift"])
    check = ["-typecheck", "-parse-as-library", "-module-name", "Vad", "-I", tmp_path]
    swift.compile(check, sorted((sources / "ios" / "Sources" / "Vad").glob("*.swift")))
