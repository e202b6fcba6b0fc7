"""The table of variants: a line as wide as its head, distances of the first and the last round, the page's marks."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from vad.artifact import load_artifact
from vad.export import ExportReport, Verification


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """A script of benchmarks/, which is no package."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return importlib.import_module("variants")
    finally:
        sys.path.remove(str(repository / "benchmarks"))


def test_a_line_has_all_columns(script, energy_artifact, monkeypatch):
    monkeypatch.setattr(script.arm, "absent", lambda: "nothing is counted")
    metadata = load_artifact(energy_artifact).metadata
    proof = Verification(0.1, 0.002, 0.98, -0.0001, 100.0, "a voice")
    report = ExportReport(energy_artifact, energy_artifact.stat().st_size, metadata, {}, proof)
    cells = script.row(report, "1 → 2").strip("| ").split(" | ")
    assert len(cells) == len(script.COLUMNS)
    assert cells[0] == "float32, 1 and 32 frames a call"
    assert cells[4:8] == ["1.0e-01", "0.20%", "-0.00010", "1 → 2"]


def test_the_last_round_is_held_against_the_first(script):
    reference = np.zeros(10 * script.ROUNDS, np.float32)
    values = reference + 0.1
    values[-10:] = 0.3
    assert script.drift(values, reference) == "1.0e-01 → 3.0e-01"


def test_the_page_has_a_place_for_the_table(script, repository):
    text = (repository / "docs" / "mobile.md").read_text(encoding="utf-8")
    table = text.split(script.BEGIN)[1].split(script.END)[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(script.VARIANTS)
    assert {line.count("|") for line in lines} == {len(script.COLUMNS) + 1}
