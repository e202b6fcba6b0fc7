"""Every port of the decision tells the same events as Python's, and knows them at the same frame."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vad.decision import DecisionRule

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def all_cases(vectors: ModuleType, stored_cases: Any) -> list[Any]:
    """The stored cases, and longer ones that are not stored."""
    fresh = [*vectors.random_cases(3, 300, 40), *vectors.unsure_cases(3, 60)]
    return [stored_cases, (fresh, [vectors.decision_events(case) for case in fresh])]


def _agree(found: list[Any], wanted: list[Any], cases: Sequence[Any]) -> None:
    assert len(found) == len(wanted)
    for index, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
        assert ours == theirs, f"case {index}: {cases[index][0]}, {cases[index][1]} samples"


def test_the_vectors_are_what_python_decides(vectors: ModuleType, stored_cases: Any) -> None:
    cases, wanted = stored_cases
    _agree([vectors.decision_events(case) for case in cases], wanted, cases)


def test_the_vectors_reach_every_part_of_the_rule(stored_cases: Any) -> None:
    cases, wanted = stored_cases
    for name in DecisionRule().to_dict():
        assert len({getattr(rule, name) for rule, _, _ in cases}) > 10, name
    kinds = [event[0] for events in wanted for event in events]
    assert min(kinds.count(kind) for kind in ("start", "end", "misfire")) > 100
    cut = sum(
        any(after[1] - before[2] <= 160 for before, after in itertools.pairwise(ends))
        for ends in ([event for event in events if event[0] == "end"] for events in wanted)
    )
    assert cut > 10
    given_up = sum(
        after[1] == before[2]
        for events in wanted
        for before, after in itertools.pairwise(events)
        if before[0] == "misfire" and after[0] in ("misfire", "start")
    )
    assert given_up > 5


@pytest.mark.parametrize("sanitizers", [(), ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")])
def test_c_decides_as_python_does(
    all_cases: list[Any], sources: Path, run_port: Callable[..., Any], tmp_path: Path, compiler: str,
    sanitizers: tuple[str, ...],
) -> None:  # fmt: skip
    program = _built(compiler, sources, tmp_path, sanitizers)
    for cases, wanted in all_cases:
        _agree(run_port([program], cases), wanted, cases)


@pytest.mark.parametrize("grid", ["16000 512 0", "16000 100 160", "0 512 160"])
def test_c_refuses_grids_that_cannot_be(sources: Path, tmp_path: Path, compiler: str, grid: str) -> None:
    rule = "0.5 0.5 0 0.1 0.1 0 0 0 0 0"
    done = subprocess.run(
        [_built(compiler, sources, tmp_path)], input=f"{grid}\n{rule} 16000 0\n", text=True, check=False
    )
    assert done.returncode == 3


def _built(compiler: str, sources: Path, folder: Path, flags: Sequence[str] = ()) -> Path:
    program = folder / "decisions"
    files = [HERE / "decision_driver.c", sources / "c" / "vad.c"]
    arguments = [*WARNINGS, "-O1", *flags, f"-I{sources / 'c'}", *files, "-lm", "-o", program]
    subprocess.run([compiler, *map(str, arguments)], check=True)
    return program


def test_javascript_decides_as_python_does(
    all_cases: list[Any], repository: Path, run_port: Callable[..., Any], node: str
) -> None:
    script = repository / "vad" / "pictures" / "assets" / "decision.js"
    for cases, wanted in all_cases:
        _agree(run_port([node, HERE / "decision_driver.js", script], cases), wanted, cases)
