"""``vad explain`` from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vad.cli import main


@pytest.fixture
def recording(repository: Path) -> Path:
    return repository / "examples" / "recording.wav"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["explain", *map(str, arguments)])


def test_words_alone(recording: Path) -> None:
    result = _run(recording, "--start", 7, "--end", 9, "--at", 8.1)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("recording.wav, 7 to 9 s: 1 segment\nThe first layer sees ")
    assert "\nlstm_0: " in result.stdout
    assert "At 8.0" in result.stdout or "At 8.1" in result.stdout
    assert "It would " in result.stdout


@pytest.mark.parametrize("name", ["gates.html", "new/gates.PNG"])
def test_outputs(recording: Path, tmp_path: Path, name: str) -> None:
    if not name.endswith("html"):
        pytest.importorskip("matplotlib", reason="matplotlib is not installed: no picture is drawn")
    out = tmp_path / "out" / name
    result = _run(recording, "-o", out, "--start", 4, "--end", 6)
    assert (result.exit_code, result.stderr) == (0, "")
    assert out.stat().st_size > 50000
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def _data(page: Path) -> dict:
    text = page.read_text(encoding="utf-8")
    return json.loads(text.partition('id="data">')[2].partition("</script>")[0])


def test_thirty_seconds_are_shown_and_that_is_said(recording: Path, tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    samples, rate = soundfile.read(recording)
    path, out = tmp_path / "long.wav", tmp_path / "a.html"
    soundfile.write(path, np.tile(samples, 4), rate)
    result = _run(path, "-o", out, "--no-audio")
    assert result.exit_code == 0
    assert "shown are 0 to 30 s of 56 s: --start and --end choose a part" in result.stderr
    data = _data(out)
    assert (data["start_s"], data["end_s"], data["limit"], data["audio"]) == (0, 30, " of 56 s", None)
    result = _run(path, "--at", 50)
    assert "shown are 30 to 56 s" not in result.stderr
    assert result.stdout.startswith("long.wav, 30 to 56 s")


def test_the_rule_is_that_of_the_options(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    result = _run(recording, "-o", out, "--end", 3, "--onset-threshold", 0.9, "--no-audio")
    assert result.exit_code == 0
    assert "speech begins at 0.9" in result.stdout
    assert _data(out)["rule"]["onset_threshold"] == 0.9


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "a.gif"], 2, "its suffix must be one of .png"),
        (["-o", "a.svg", "--dpi", "100"], 2, "--dpi is for PNG"),
        (["--no-audio"], 2, "are for HTML pages"),
        (["--start", "3", "--end", "2"], 2, "--end must lie after --start"),
        (["--start", "3", "--at", "2"], 2, "--at must lie between"),
        (["--start", "20"], 2, "ends at 14 s"),
        (["--at", "99"], 2, "the moment must lie in the recording, 0 to 14 s; received 99 s"),
        (["--at", "20"], 2, "the moment must lie in the part shown, 0 to 14 s; received 20 s"),
        (["--channel", "4"], 1, "channel"),
        (["-m", "gone.tflite"], 1, "gone.tflite: cannot read the model"),
    ],
)
def test_what_cannot_be_done_is_said(
    recording: Path, arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _run(recording, *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = _run(recording, "-o", tmp_path / "a.png", "--end", 2)
    assert result.exit_code == 1
    assert "pip install 'lstm-vad[plot]'" in result.stderr


def test_a_pipe_is_refused() -> None:
    result = CliRunner().invoke(main, ["explain", "-"], input=b"RIFF")
    assert result.exit_code == 2
    assert "explain reads the recording more than once, so that it takes no pipe" in " ".join(result.stderr.split())


def test_it_needs_nothing_beyond_the_base_install(recording: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from vad.cli import main\n"
        f"arguments = ['explain', {str(recording)!r}, '-o', {str(tmp_path / 'a.html')!r}, '--end', '2']\n"
        "main(arguments, standalone_mode=False)\n"
        "heavy = {'tensorflow', 'keras', 'librosa', 'scipy', 'pydantic', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_recording_is_not_written_over(recording: Path, tmp_path: Path) -> None:
    copy, link = tmp_path / "a.wav", tmp_path / "a.html"
    copy.write_bytes(recording.read_bytes())
    link.symlink_to(copy)
    result = _run(copy, "-o", link)
    assert result.exit_code == 2
    assert f"--output {link} is the recording itself" in result.stderr
    assert copy.read_bytes() == recording.read_bytes()
