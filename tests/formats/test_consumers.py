"""What is written is what other programs read: each format by a library of its own kind."""

from __future__ import annotations

import re

import pytest

from vad.formats import Entry, Provenance, find_format, write_labels
from vad.segments import Timeline

PAIRS = [(0.0, 0.9610625), (1.25, 3661.5), (3700.0000625, 3700.5)]
SPEECH = Timeline.from_pairs(PAIRS)
DURATION_S = 3701.0


@pytest.fixture
def written(tmp_path):
    """Writes the segments in a format and returns the file."""

    def write(name, recording="talk.wav"):
        path = tmp_path / f"talk{find_format(name).suffixes[0]}"
        entry = Entry(recording, SPEECH, DURATION_S, 16000)
        write_labels(path, [entry], format=name, provenance=Provenance("vad 1"))
        return path

    return write


def test_rttm_is_read_by_pyannote(written):
    util = pytest.importorskip("pyannote.database.util", reason="pyannote.database is not installed")
    annotation = util.load_rttm(str(written("rttm")))["talk.wav"]
    found = [(segment.start, segment.end) for segment in annotation.get_timeline()]
    assert found == [pytest.approx(pair, abs=1e-6) for pair in PAIRS]
    assert annotation.labels() == ["speech"]


def test_textgrid_is_read_by_praatio(written):
    textgrid = pytest.importorskip("praatio.textgrid", reason="praatio is not installed")
    grid = textgrid.openTextgrid(str(written("textgrid")), includeEmptyIntervals=False, reportingMode="error")
    assert grid.tierNames == ("speech",)
    assert (grid.minTimestamp, grid.maxTimestamp) == (0, DURATION_S)
    entries = grid.getTier("speech").entries
    assert [(entry.start, entry.end) for entry in entries] == [pytest.approx(pair, abs=1e-6) for pair in PAIRS]


def test_srt_is_read_by_pysubs2(written):
    pysubs2 = pytest.importorskip("pysubs2", reason="pysubs2 is not installed")
    cues = pysubs2.load(str(written("srt")), encoding="utf-8")
    assert [(cue.start, cue.end) for cue in cues] == [(0, 961), (1250, 3661500), (3700000, 3700500)]
    assert {cue.text for cue in cues} == {"speech"}


def test_webvtt_is_read_by_webvtt_py(written):
    webvtt = pytest.importorskip("webvtt", reason="webvtt-py is not installed")
    captions = webvtt.read(str(written("vtt"))).captions
    assert [(caption.start, caption.end) for caption in captions] == [
        ("00:00:00.000", "00:00:00.961"),
        ("00:00:01.250", "01:01:01.500"),
        ("01:01:40.000", "01:01:40.500"),
    ]


def test_segments_keep_to_the_rules_of_kaldi(written):
    """The checks of utils/validate_data_dir.sh on the file segments."""
    lines = written("kaldi", "a talk.wav").read_text().splitlines()
    fields = [line.split(" ") for line in lines]
    assert all(len(row) == 4 for row in fields)
    utterances = [row[0] for row in fields]
    assert utterances == sorted(set(utterances), key=lambda name: name.encode())
    for utterance, recording, start, end in fields:
        assert utterance.startswith(recording)
        assert recording == "a_talk.wav"
        assert re.fullmatch(r"\d+\.\d+", start) and re.fullmatch(r"\d+\.\d+", end)
        assert float(start) < float(end)


def test_audacity_labels_are_three_columns(written):
    rows = [line.split("\t") for line in written("audacity").read_text().splitlines()]
    assert [(float(start), float(end)) for start, end, _ in rows] == [pytest.approx(pair, abs=1e-6) for pair in PAIRS]
    assert {label for _, _, label in rows} == {"speech"}
