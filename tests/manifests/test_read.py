"""Laws of reading manifests: every problem at once, named by place."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from vad.errors import ManifestError
from vad.manifests import read_manifest, read_manifests, scan_manifest
from vad.segments import Timeline

ROW: dict[str, Any] = {
    "id": "home/a.wav",
    "audio": "a.wav",
    "duration_s": 4.0,
    "kind": "labelled",
    "speech": [[0.5, 1.5], [2.0, 4.0]],
    "label_source": "reference",
    "split": "train",
    "license": "CC0-1.0",
    "tier": "permissive",
}


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("name", ["m.jsonl", "m.jsonl.gz"])
def test_plain_and_packed_files_read_alike(tmp_path: Path, name: str) -> None:
    (recording,) = read_manifest(write(tmp_path / name, ROW))
    assert recording.speech == Timeline.from_pairs([(0.5, 1.5), (2.0, 4.0)])
    assert (recording.offset_s, recording.speaker, recording.origin) == (0.0, None, None)
    assert recording.folder == tmp_path
    assert recording.source == "home"


def test_unlabelled_is_not_silent(tmp_path: Path) -> None:
    unlabelled = ROW | {"id": "u", "kind": "speech", "speech": None, "label_source": "none"}
    silent = ROW | {"id": "s", "speech": []}
    first, second = read_manifest(write(tmp_path / "m.jsonl", unlabelled, silent))
    assert first.speech is None
    assert second.speech == Timeline()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": "speach"}, "kind must be one of speech, noise, .* received 'speach' .did you mean 'speech'"),
        ({"split": "training"}, "split must be one of train, dev, test; received 'training' .did you mean 'train'"),
        ({"spekaer": "x"}, "spekaer is no field of a manifest .did you mean 'speaker'"),
        ({"duration_s": 0}, "duration_s must be a number of seconds above 0; received 0"),
        ({"duration_s": True}, "duration_s must be a number .* received True"),
        ({"offset_s": -1}, "offset_s must be a number of seconds, 0 or more; received -1"),
        ({"offset_s": "0"}, "offset_s must be .* received '0'"),
        ({"audio": "/a.wav"}, "audio must be a relative path with forward slashes; received '/a.wav'"),
        ({"audio": "C:/a.wav"}, "audio must be a relative path"),
        ({"audio": "b\\a.wav"}, "audio must be a relative path"),
        ({"id": ""}, "id must be text"),
        ({"license": None}, "license must be text .* received null"),
        ({"speech": [[1.0]]}, "speech must be a list of .start, end. pairs"),
        ({"speech": [[2.0, 1.0]]}, "speech segment .2.0, 1.0. must have 0 <= start < end"),
        ({"speech": [[3.0, 4.5]]}, "speech segment .3.0, 4.5. ends after the clip of 4.0 s"),
        ({"speech": [[1, 3], [2, 4]]}, "speech segment .2, 4. overlaps .1, 3."),
        ({"speech": [[3, 4], [1, 2]]}, "speech segment .1, 2. starts before the segment in front"),
        ({"speech": None}, "label_source is 'reference' while speech is null"),
        ({"label_source": "no-speech"}, "label_source is 'no-speech' while there are segments"),
        ({"sha256": "12"}, "sha256 must be 64 hexadecimal digits"),
        ({"origin": "https://github.com/a/b"}, "origin is given without origin_commit, origin_path"),
        ({"origin": "github.com/a/b"}, "origin must be an address https://host/owner/repository"),
        ({"origin": "https://h/../b"}, "origin must be an address"),
        ({"origin_path": "../../etc/passwd"}, "origin_path must be a path inside the repository"),
        ({"origin_commit": "../x"}, "origin_commit must be a commit, 'history' or null"),
    ],
)
def test_each_broken_rule_is_named(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    path = write(tmp_path / "m.jsonl", ROW | change)
    found = problems_of(path)
    assert any(re.search(expected, line) for line in found), found
    assert all(line.startswith(f"{path}:1:") for line in found)


def test_all_problems_come_at_once_with_line_and_id(tmp_path: Path) -> None:
    missing = {key: value for key, value in ROW.items() if key != "license"} | {"id": "m"}
    path = write(
        tmp_path / "m.jsonl", ROW, "{oops", "", "[1]", ROW | {"id": "k", "kind": "x", "tier": "y"}, missing, ROW
    )
    found = problems_of(path)
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in found] == ["2", "4", "5", "5", "6", "7"]
    assert "'k': kind" in found[2]
    assert "'k': tier" in found[3]
    assert "license is missing" in found[4]
    assert "is the id of line 1 too" in found[5]
    assert len(scan_manifest(path).rows) == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "a", "id": "b"}', "the field 'id' is given twice"),
        ('{"id": NaN}', "NaN is no JSON number"),
        ("[" * 100_000, "is not valid JSON"),
        ('"text"', "must be one JSON object"),
    ],
)
def test_lines_that_are_no_rows(tmp_path: Path, line: str, expected: str) -> None:
    (found,) = problems_of(write(tmp_path / "m.jsonl", line))
    assert expected in found


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    broken = write(tmp_path / "b.jsonl.gz", ROW)
    broken.write_bytes(broken.read_bytes()[:-9])
    (tmp_path / "t.jsonl.gz").write_text("no gzip")
    (tmp_path / "l.jsonl").write_bytes(b'{"id": "\xff"}\n')
    (tmp_path / "e.jsonl").touch()
    for name, expected in {
        "b.jsonl.gz": "cannot be read",
        "t.jsonl.gz": "cannot be read",
        "l.jsonl": "not UTF-8",
        "e.jsonl": "holds no row",
        "absent.jsonl": "No such file",
    }.items():
        (found,) = problems_of(tmp_path / name)
        assert found.startswith(str(tmp_path / name))
        assert expected in found


def test_patterns_folders_and_paths(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ROW)
    write(tmp_path / "b.jsonl.gz", ROW | {"id": "b"})
    for patterns in (["a.jsonl", "b.jsonl.gz"], ["*"], ["."], [tmp_path, "a.jsonl"], [str(tmp_path / "*.jsonl*")]):
        rows = read_manifests(patterns, tmp_path)
        assert [row.id for row in rows] == ["home/a.wav", "b"]
    with pytest.raises(ManifestError) as caught:
        read_manifests(["c*.jsonl", "d.jsonl"], tmp_path)
    assert len(str(caught.value).splitlines()) == 2


def test_an_id_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ROW)
    write(tmp_path / "b.jsonl", ROW)
    with pytest.raises(ManifestError, match=r"b\.jsonl:1: 'home/a\.wav': id is also the id at .*a\.jsonl:1"):
        read_manifests(["*"], tmp_path)


def test_a_file_of_another_kind_fills_no_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "m.jsonl", *["{"] * 5000)
    found = problems_of(path)
    assert len(found) == 21
    assert found[19].startswith(f"{path}:20:")
    assert found[-1] == "4980 more problems; vad data check lists all of them"
    assert len(scan_manifest(path).problems) == 5000
