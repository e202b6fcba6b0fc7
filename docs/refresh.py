"""Runs the commands of these pages anew and puts what they print in the place of what stood there.

    python docs/refresh.py [PAGE.md …]

In blocks of the kind ``console``, lines that begin with ``$`` are commands; they run one after the other, in a copy of
`examples/` that all blocks of a page share. What follows them is what they print.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def refresh(page: Path) -> None:
    """Runs the commands of a page and writes it back."""
    with tempfile.TemporaryDirectory() as folder:
        work, tools = Path(folder, "examples"), Path(folder, "bin")
        shutil.copytree(DOCS.parent / "examples", work)
        # Manifests name their audio by paths from where they lie.
        shutil.copytree(DOCS.parent / "data_manifests", Path(folder, "data_manifests"))
        tools.mkdir()
        (tools / "vad").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vad "$@"\n', encoding="utf-8")
        (tools / "vad").chmod(0o755)
        environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
        environment["PYTHONPATH"] = str(DOCS.parent)
        lines = list(_refreshed(page.read_text(encoding="utf-8").splitlines(), work, environment))
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _refreshed(lines: list[str], work: Path, environment: dict[str, str]) -> Iterator[str]:
    in_block = False
    for line in lines:
        if line.startswith("```"):
            in_block = line == "```console"
        if in_block and line.startswith("$ "):
            yield line
            command = ["bash", "-c", line.removeprefix("$ ")]
            done = subprocess.run(
                command, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            )
            yield from done.stdout.decode().splitlines()
        elif not in_block or line.startswith("```"):
            yield line


if __name__ == "__main__":
    for argument in sys.argv[1:] or sorted(map(str, DOCS.glob("*.md"))):
        refresh(Path(argument))
