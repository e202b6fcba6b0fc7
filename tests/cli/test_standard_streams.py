"""Commands whose standard streams are closed or full, as a shell has them: one line, and no status of success."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def run(line: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs ``vad`` with the redirections of a line."""
    command = [sys.executable, "-c", "from vad.cli import main; main()", *map(str, arguments)]
    return subprocess.run(["sh", "-c", f'"$@" {line}', "sh", *command], capture_output=True, text=True, check=False)


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full here")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["detect", "RECORDING"],
        ["inspect"],
        ["detect", "RECORDING", "--posteriors", "/dev/null", "--posteriors-format", "csv"],
    ],
)
def test_a_full_disk_behind_standard_output_is_one_line(repository, arguments):
    recording = repository / "examples" / "recording.wav"
    done = run(">/dev/full", *(recording if argument == "RECORDING" else argument for argument in arguments))
    assert done.stderr == "vad: cannot write standard output: No space left on device\n"
    assert done.returncode == 1


def test_results_are_not_lost_without_a_word_when_standard_output_is_closed(repository, tmp_path):
    recording = repository / "examples" / "recording.wav"
    done = run(">&-", "detect", recording)
    assert done.stderr == "vad: cannot write standard output: Bad file descriptor\n"
    assert done.returncode == 1
    # What goes elsewhere needs none of it.
    done = run(">&- 2>&-", "detect", recording, "-f", "csv", "-o", tmp_path / "a.csv")
    assert done.returncode == 0
    assert (tmp_path / "a.csv").read_text() == run("", "detect", recording, "-f", "csv").stdout


@pytest.mark.parametrize("arguments", [["detect", "-"], ["listen", "-"], ["trim", "-", "-o", "a.wav"]])
def test_standard_input_that_is_closed_is_named(arguments):
    done = run("<&-", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "vad: -: standard input is closed; pipe a recording into it, or name a file\n"
