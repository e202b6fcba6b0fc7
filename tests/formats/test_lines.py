"""JSON lines, Kaldi segments and frames: their shapes, and what is wrong with a line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vad.errors import ManifestError
from vad.formats import Entry, Provenance, find_format, frames, jsonl, kaldi, read_labels
from vad.segments import Segment, Timeline

SPEECH = Timeline.from_pairs([(0.5, 1.25), (2, 3)])


def test_a_line_of_json_is_a_recording_with_what_made_it():
    provenance = Provenance("vad 1", "vad.tflite", "abc", {"onset_threshold": 0.5})
    text = jsonl.write([Entry("a.wav", SPEECH, 4.0, 8000), Entry("b.wav", Timeline())], provenance)
    first, second = map(json.loads, text.splitlines())
    assert first["speech"] == [{"start": 0.5, "end": 1.25}, {"start": 2, "end": 3}]
    assert (first["duration_s"], first["sample_rate"], first["model"]["fingerprint"]) == (4.0, 8000, "abc")
    assert second["tool"] == "vad 1"


def test_lines_of_segments_are_read():
    text = '{"recording": "a", "start": 0.5, "end": 1.25}\n\n{"recording": "a", "start": 2, "end": 3}\n'
    assert [(span.start, span.end, span.recording) for span in jsonl.read(text)] == [(0.5, 1.25, "a"), (2, 3, "a")]


def test_segments_that_touch_stay_apart_in_a_list():
    entry = Entry("a.wav", [Segment(0, 1), Segment(1, 2)], 2.0, 16000)
    for name in ("json", "jsonl", "csv", "rttm", "audacity", "srt", "vtt", "kaldi", "textgrid"):
        form = find_format(name)
        spans = [span for span in form.read(form.write([entry], None), "a") if span.label]
        assert [(span.start, span.end) for span in spans] == [(0, 1), (1, 2)], name


def test_kaldi_names_utterances_by_time():
    assert kaldi.write([Entry("a b.wav", SPEECH)]).splitlines()[0] == (
        "a_b.wav-00000500-00001250 a_b.wav 0.500000 1.250000"
    )
    with pytest.raises(ManifestError, match=":2: expected 'utterance recording start end'"):
        kaldi.read("u r 0 1\nu r 0\n")


def test_kaldis_own_name_is_known(tmp_path):
    (tmp_path / "segments").write_text("u r 0.5 1.25\nv r 2 3\n")
    assert read_labels(tmp_path / "segments") == SPEECH


def test_frames_join_to_segments():
    edges = np.array([0, 0.021, 0.031, 0.041, 0.055])
    text = frames.HEADER + frames.rows(
        'a,"b".wav', edges, np.array([0.1, 0.9, 0.8, 0.25], np.float32), np.array([0, 1, 1, 0], bool)
    )
    assert text.splitlines()[2] == '"a,""b"".wav",0.021000,0.031000,0.899999976,1'
    spans = frames.read(text)
    assert [(span.start, span.end, span.label) for span in spans] == [
        (0, 0.021, ""),
        (0.021, 0.041, "speech"),
        (0.041, 0.055, ""),
    ]
    assert {span.recording for span in spans} == {'a,"b".wav'}


def test_frames_of_other_shapes_are_refused():
    with pytest.raises(ManifestError, match=":1: frames begin with 'recording,start,end,posterior,speech'"):
        frames.read("time,posterior\n")
    with pytest.raises(ManifestError, match=r":2: expected .* speech being 0 or 1"):
        frames.read(frames.HEADER + "a,0,1,0.5,2\n")
