"""``vad plot`` from the outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from vad.cli import main
from vad.formats import Entry, write_labels
from vad.segments import Timeline


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds of faint noise with a burst."""
    samples = 0.0005 * np.random.default_rng(0).standard_normal(32000)
    samples[8000:16000] *= 400
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 16000)
    return path


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["plot", *map(str, arguments)])


@pytest.mark.parametrize("name", ["a.png", "a.SVG", "a.html", "new/a.html"])
def test_pictures(recording: Path, energy_artifact: Path, tmp_path: Path, name: str) -> None:
    if not name.endswith("html"):
        pytest.importorskip("matplotlib", reason="matplotlib is not installed: no picture is drawn")
    out = tmp_path / "out" / name
    result = _run(recording, "-m", energy_artifact, "-o", out, "--start", 0.2, "--end", 1.5, "--preset", "live")
    assert (result.exit_code, result.output) == (0, "")
    assert out.stat().st_size > 5000
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_labels_are_found_beside_the_recording(recording: Path, energy_artifact: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    result = _run(recording, "-m", energy_artifact, "-o", out, "--find-labels")
    assert result.exit_code == 1
    assert "found none" in result.stderr
    entries = [Entry("b.wav", Timeline.from_pairs([(0, 2)])), Entry("a.wav", Timeline.from_pairs([(0.5, 1)]))]
    write_labels(tmp_path / "a.csv", entries)
    assert _run(recording, "-m", energy_artifact, "-o", out, "--find-labels").exit_code == 0
    assert '"reference":[[8000,16000]]' in out.read_text()
    write_labels(tmp_path / "a.srt", entries[1:])
    result = _run(recording, "-m", energy_artifact, "-o", out, "--find-labels")
    assert "found a.csv, a.srt: name it with --labels" in result.stderr


def test_a_pipe_is_refused(energy_artifact: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    result = CliRunner().invoke(main, ["plot", "-", "-m", str(energy_artifact), "-o", str(out)], input=b"RIFF")
    assert result.exit_code == 2
    assert "-: vad plot reads the recording more than once, so that it takes no pipe" in " ".join(result.stderr.split())


def test_labels_past_the_end_of_the_recording_are_refused(
    recording: Path, energy_artifact: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a.html"
    write_labels(tmp_path / "a.csv", [Entry("a.wav", Timeline.from_pairs([(0.5, 1), (1.5, 200)]))])
    result = _run(recording, "-m", energy_artifact, "-o", out, "--find-labels")
    assert result.exit_code == 1
    assert "is 2.000 s long, its labels reach from 0.500 s to 200.000 s" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "a.gif"], 2, "its suffix must be one of .png"),
        (["-o", "a.svg", "--dpi", "100"], 2, "--dpi is for PNG"),
        (["-o", "a.png", "--no-audio"], 2, "are for HTML pages"),
        (["-o", "a.png", "--labels", "b.csv", "--find-labels"], 2, "give one of them"),
        (["-o", "a.png", "--labels", "gone.csv"], 1, "gone.csv: cannot be read"),
        (["-o", "a.png", "--start", "3", "--end", "2"], 2, "--end must lie after --start"),
        (["-o", "a.png", "--start", "3"], 2, "ends at 2 s"),
        (["-o", "a.png", "--preset", "liv"], 2, "did you mean 'live'"),
        (["-o", "a.png", "--channel", "4"], 1, "channel"),
        ([], 2, "--output"),
    ],
)
def test_what_cannot_be_done_is_said(
    recording: Path, energy_artifact: Path, arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recording.parent)
    result = _run(recording, "-m", energy_artifact, *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert [path.name for path in recording.parent.iterdir()] == ["a.wav"]


def test_a_page_that_is_too_long_for_sound_says_so(
    recording: Path, energy_artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vad.pictures.audio.LIMIT_S", 1.0)
    result = _run(recording, "-m", energy_artifact, "-o", tmp_path / "a.html")
    assert result.exit_code == 0
    assert "without sound: choose a part with --start and --end" in result.stderr
    assert '"audio":null' in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize(("name", "what"), [("a.wav", "recording"), ("a.csv", "label file")])
def test_what_is_drawn_is_not_written_over(recording: Path, tmp_path: Path, name: str, what: str) -> None:
    write_labels(tmp_path / "a.csv", [Entry("a.wav", Timeline.from_pairs([(0.5, 1)]))])
    link = tmp_path / "a.html"
    link.symlink_to(name)
    before = (tmp_path / name).read_bytes()
    result = _run(recording, "-o", link, "--labels", tmp_path / "a.csv")
    assert result.exit_code == 2
    assert f"--output {link} is the {what} itself" in result.stderr
    assert (tmp_path / name).read_bytes() == before
