"""The repository keeps its own rules: style, types, layers and what a public function says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = {
    "ruff check": [sys.executable, "-m", "ruff", "check", "."],
    "ruff format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "mypy": [sys.executable, "-m", "mypy"],
    "import-linter": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_has_no_complaint(tool: str, repository: Path) -> None:
    done = subprocess.run(TOOLS[tool], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_grows_past_its_room(repository: Path) -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in (repository / "vad").rglob("*.py")}
    assert {str(path): lines for path, lines in sizes.items() if lines > 400} == {}


def test_tests_mirror_the_package(repository: Path) -> None:
    folders = [path.relative_to(repository / "tests") for path in (repository / "tests").rglob("test_*.py")]
    strays = [
        str(path)
        for path in folders
        if len(path.parts) > 1
        and not (repository / "vad" / Path(*path.parts[:-1])).is_dir()
        and not (repository / path.parts[0]).is_dir()
    ]
    assert strays == []
