"""Laws of writing manifests: what is written reads back, and the same rows give the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.errors import ManifestError
from vad.manifests import SPLITS, TIERS, Recording, read_manifest, write_manifest
from vad.segments import Timeline

ROWS = [
    Recording(
        id="corpus/dïr/a b.wav",
        audio="audio/corpus/a.ogg",
        offset_s=1.000001,
        duration_s=2.5,
        kind="labelled",
        speech=Timeline.from_pairs([(0.1, 0.3), (1.0, 2.5)]),
        label_source="reference",
        speaker="corpus/1",
        language="en",
        split="dev",
        license="CC-BY-4.0",
        tier="permissive",
        origin="https://example.org/owner/name",
        origin_commit="0123abc",
        origin_path="dïr/a b.wav",
        sha256="0" * 64,
    ),
]
ROWS.append(replace(ROWS[0], id="b", kind="speech", speech=None, label_source="none", sha256=None))
ROWS.append(replace(ROWS[0], id="c", kind="noise", speech=Timeline(), label_source="no-speech", speaker=None))


@pytest.mark.parametrize("name", ["m.jsonl", "m.jsonl.gz"])
def test_what_is_written_reads_back(tmp_path: Path, name: str) -> None:
    write_manifest(tmp_path / name, ROWS)
    assert read_manifest(tmp_path / name) == ROWS
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_bytes_depend_on_the_rows_alone(tmp_path: Path) -> None:
    write_manifest(tmp_path / "one.jsonl.gz", ROWS)
    write_manifest(tmp_path / "deeper" / "two.jsonl.gz", read_manifest(tmp_path / "one.jsonl.gz"))
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "deeper" / "two.jsonl.gz").read_bytes()


def test_fields_come_in_their_order_and_absent_checksums_are_left_out(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.jsonl", ROWS)
    first, second, _ = (tmp_path / "m.jsonl").read_text(encoding="utf-8").splitlines()
    assert first.startswith('{"id": "corpus/dïr/a b.wav", "audio": ')
    assert "sha256" in first
    assert "sha256" not in second
    assert '"speech": null' in second


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "no row to write"),
        ([ROWS[0], ROWS[0]], "id is given to two rows"),
        ([replace(ROWS[0], kind="x", split="y")], "kind must be one of"),
        ([replace(ROWS[0], duration_s=float("nan"))], "duration_s must be a number"),
    ],
)
def test_what_would_not_read_back_is_not_written(tmp_path: Path, rows: list[Recording], expected: str) -> None:
    with pytest.raises(ManifestError, match=expected):
        write_manifest(tmp_path / "m.jsonl", rows)
    assert not list(tmp_path.iterdir())


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"\.jsonl or \.jsonl\.gz"):
        write_manifest(tmp_path / "m.json", ROWS)


seconds = st.floats(1e-3, 1e5)
text = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    duration_s = draw(seconds)
    edges = sorted(draw(st.sets(st.floats(0, duration_s), max_size=8)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return replace(
        ROWS[0],
        id=draw(text),
        offset_s=draw(seconds),
        duration_s=duration_s,
        speech=Timeline.from_pairs(pairs),
        speaker=draw(st.none() | text),
        license=draw(text),
        tier=draw(st.sampled_from(TIERS)),
        split=draw(st.sampled_from(SPLITS)),
    )


@given(st.lists(recordings(), min_size=1, max_size=5, unique_by=lambda row: row.id))
@settings(max_examples=50, deadline=None)
def test_any_rows_read_back_to_the_bit(rows: list[Recording]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.jsonl.gz"
        write_manifest(path, rows)
        assert read_manifest(path) == rows
