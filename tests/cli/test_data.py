"""Laws of ``vad data`` as it is called: what goes where, and the exit status."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from vad.cli import main
from vad.manifests import Recording, read_manifest, write_manifest

ROW = Recording(
    id="corpus/a b.wav",
    audio="audio/a.ogg",
    offset_s=0.0,
    duration_s=36.0,
    kind="speech",
    speech=None,
    label_source="none",
    speaker="corpus/1",
    language="en",
    split="train",
    license="CC0-1.0",
    tier="permissive",
    origin="https://github.com/owner/name",
    origin_commit="abc",
    origin_path="a b.wav",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "mirror/owner/name/abc"
    folder.mkdir(parents=True)
    handler = functools.partial(Quiet, directory=str(tmp_path / "mirror"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    monkeypatch.setenv("VAD_FETCH_BASE_URL", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def vad(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


def manifest(tmp_path: Path, *rows: Recording) -> Path:
    path = tmp_path / "m.jsonl.gz"
    write_manifest(path, rows)
    return path


def test_check_prints_each_problem_and_a_summary(tmp_path: Path, home: Path) -> None:
    path = manifest(tmp_path, ROW, replace(ROW, id="corpus/dev", split="dev"))
    result = vad("check", path, tmp_path / "absent.jsonl")
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert "absent.jsonl: no such manifest" in lines[0]
    assert "audio of 2 of 2 recordings is missing" in lines[1]
    assert "speaker 'corpus/1' is in dev here" in lines[2]
    assert lines[3] == "1 manifest, 2 recordings, 0.02 h, 0 audio files: 3 problems"


def test_check_of_rows_alone_needs_no_audio(tmp_path: Path, home: Path) -> None:
    path = manifest(tmp_path, ROW)
    result = vad("check", "--no-audio", path)
    assert (result.exit_code, result.stdout) == (0, "1 manifest, 1 recording, 0.01 h: no problems\n")
    assert vad("check", "--no-audio", "--checksums", path).exit_code == 2


def test_stats_as_table_and_json(tmp_path: Path, home: Path) -> None:
    path = manifest(tmp_path, ROW, replace(ROW, id="n", kind="noise", speaker=None, license="CC BY [red]"))
    table = vad("stats", path)
    assert table.exit_code == 0
    assert "speech       0.01      1" in table.stdout
    assert "CC BY [red]" in table.stdout
    counts = json.loads(vad("stats", path, "--format", "json").stdout)
    assert counts["total"] == {"clips": 2, "hours": 0.02}


def test_stats_of_a_shared_speaker_fail(tmp_path: Path, home: Path) -> None:
    result = vad("stats", manifest(tmp_path, ROW, replace(ROW, id="d", split="dev")))
    assert result.exit_code == 1
    assert "'corpus/1' (train and dev)" in result.stderr
    assert "speech" in result.stdout


def test_fetch_brings_what_is_missing_and_names_what_fails(tmp_path: Path, home: Path, mirror: Path) -> None:
    (mirror / "a b.wav").write_bytes(b"audio")
    rows = [ROW, replace(ROW, id="corpus/c.wav", origin_path="c.wav"), replace(ROW, id="dev", split="dev")]
    path = manifest(tmp_path, *rows)
    dry = vad("fetch", path, "--dry-run", "--split", "train")
    assert dry.exit_code == 0
    assert "CC0-1.0" in dry.stdout
    assert "0 recordings are there already, 2 files to fetch" in dry.stdout
    assert not home.exists()
    result = vad("fetch", path, "--yes", "--split", "train", "--jobs", "2")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "c.wav: the server answered 404" in result.stderr
    assert "1 of 2 files fetched" in result.stderr
    assert (home / "originals/github.com/owner/name/abc/a b.wav").read_bytes() == b"audio"
    (mirror / "c.wav").write_bytes(b"more")
    again = vad("fetch", path, "--yes")
    assert again.exit_code == 0
    assert "2 recordings are there already, 1 files to fetch" in again.stderr
    assert "0 files to fetch" in vad("fetch", path).stderr


def test_fetch_asks_first(tmp_path: Path, home: Path, mirror: Path) -> None:
    result = vad("fetch", manifest(tmp_path, ROW))
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert not home.exists()


def test_fetch_of_the_history_says_where_else(tmp_path: Path, home: Path) -> None:
    row = replace(ROW, id="ljspeech/a.wav", origin_commit="history")
    result = vad("fetch", manifest(tmp_path, row), "--yes")
    assert result.exit_code == 1
    assert "https://keithito.com/LJ-Speech-Dataset" in result.stderr


def test_fetch_of_a_selection_that_is_empty(tmp_path: Path, home: Path) -> None:
    result = vad("fetch", manifest(tmp_path, ROW), "--kind", "music")
    assert result.exit_code == 2
    assert "none of 1 recording is of --kind music" in result.stderr


def test_a_broken_manifest_is_one_line_a_problem(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": "a"\n[]\n')
    result = vad("stats", path)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2
    assert read_manifest.__name__ not in result.stderr


def test_import_writes_a_manifest_that_checks(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.zeros(16000), 16000)
    (folder / "a.txt").write_text("0.25\t0.5\tspeech\n")
    output = tmp_path / "own.jsonl.gz"
    result = vad("import", folder, "-o", output, "--split", "dev", "--licence", "CC0-1.0", "--speaker-from", "name")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 recording, " in result.stderr
    (row,) = read_manifest(output)
    assert (row.id, row.split, row.license, row.speaker) == ("own/a.wav", "dev", "CC0-1.0", "own/a")
    assert vad("check", output, "--checksums").exit_code == 0


def test_import_that_fails_writes_nothing(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.zeros(16000), 16000)
    result = vad("import", folder, "-o", tmp_path / "own.jsonl.gz")
    assert result.exit_code == 1
    assert "a.wav: has no labels" in result.stderr
    assert not (tmp_path / "own.jsonl.gz").exists()
    assert vad("import", folder, "-o", tmp_path / "own.txt", "--unlabelled", "no-speech").exit_code == 1


def test_import_names_an_output_that_cannot_be_written_and_leaves_labels_alone(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.zeros(16000), 16000)
    labels = folder / "a.jsonl"
    labels.write_text('{"recording": "a.wav", "start": 0.25, "end": 0.5}\n')
    options = ("--labels-format", "jsonl", "--speaker-from", "none")
    result = vad("import", folder, "-o", labels / "x.jsonl", *options)
    assert (result.exit_code, result.stderr) == (1, f"vad: cannot write {labels / 'x.jsonl'}: Not a directory\n")
    for where in ((), ("--labels", labels)):
        result = vad("import", folder, "-o", labels, *options, *where)
        assert result.exit_code == 2
        assert f"--output {labels} is the label file itself" in result.stderr
    assert "0.25" in labels.read_text()
