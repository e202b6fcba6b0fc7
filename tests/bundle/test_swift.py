"""Swift: parsed, no more: there is no compiler for it here."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_swift_parses(sources: Path) -> None:
    hint = "not installed: Swift is not parsed (pip install tree-sitter tree-sitter-swift)"
    parser = pytest.importorskip("tree_sitter", reason=f"tree-sitter {hint}")
    grammar = pytest.importorskip("tree_sitter_swift", reason=f"tree-sitter-swift {hint}")
    files = sorted((sources / "ios").rglob("*.swift"))
    assert len(files) == 3
    for path in files:
        tree = parser.Parser(parser.Language(grammar.language())).parse(path.read_bytes())
        assert not tree.root_node.has_error, path


def test_swift_and_kotlin_have_the_functions_of_python(sources: Path) -> None:
    steps = ("elapse", "schedule", "enter", "keep", "tell", "close", "part", "cut", "paddedStart", "framesPast")
    swift = (sources / "ios" / "Sources" / "Vad" / "Decision.swift").read_text(encoding="utf-8")
    kotlin = (sources / "android" / "src" / "main" / "kotlin" / "vad" / "Decision.kt").read_text(encoding="utf-8")
    assert [f"func {step}(" in swift for step in steps] == [True] * len(steps)
    assert [f"fun {step}(" in kotlin for step in steps] == [True] * len(steps)
