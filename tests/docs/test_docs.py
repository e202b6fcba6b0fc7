"""Pages for commands name each of their options, and show options that exist; what they print can be made anew."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from vad.cli import main

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONTEXT = click.Context(main)
PAGES = [path for path in sorted(DOCS.glob("*.md")) if path.stem in main.list_commands(CONTEXT)]


@pytest.mark.parametrize(
    "name", ["detect", "split", "trim", "plot", "explain", "evaluate", "benchmark", "export", "inspect"]
)
def test_every_option_is_named(name):
    command, page = main.get_command(CONTEXT, name), DOCS / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    missing = [
        option.opts[-1]
        for option in command.params
        if isinstance(option, click.Option) and not any(re.search(rf"{flag}\b", text) for flag in option.opts)
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_option_that_is_named_exists(page):
    """In commands that the page shows."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("$ vad "):
            continue
        words = shlex.split(line.split("|")[0].split("&&")[0])[1:]
        command = main.get_command(CONTEXT, words[0])
        if command is None or isinstance(command, click.Group):
            continue
        known = {flag for option in command.params for flag in option.opts}
        used = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert used <= known, line


def test_pages_are_run_anew(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```console\n$ ls recording.wav\nold\nlines\n$ vad --version\n```\n\n    $ not run\n")
    subprocess.run([sys.executable, str(DOCS / "refresh.py"), str(page)], check=True)
    lines = page.read_text().splitlines()
    assert lines[:5] == ["# Page", "", "```console", "$ ls recording.wav", "recording.wav"]
    assert re.fullmatch(r"vad \d+\.\d+.*", lines[6])
    assert lines[7:] == ["```", "", "    $ not run"]
