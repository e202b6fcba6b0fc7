"""WebVTT captions."""

import pytest

from vad.errors import ManifestError
from vad.formats import Entry, Provenance, webvtt
from vad.segments import Timeline


def test_captions_are_written_as_browsers_expect():
    speech = Timeline.from_pairs([(0.5, 1.25)])
    assert webvtt.write([Entry("a", speech)]) == "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\nspeech\n\n"
    assert "NOTE lstm-vad 1\n" in webvtt.write([Entry("a", speech)], Provenance("lstm-vad 1"))


def test_notes_styles_and_settings_are_passed_over():
    text = (
        "WEBVTT - Title\n\nNOTE\nnothing\n\nSTYLE\n::cue {}\n\nintro\n00:01.000 --> 00:02.000 align:start\n"
        "<v Anna>Hi\n\n1:00:00.000 --> 1:00:01.000\n[Music]\n"
    )
    assert [(s.start, s.end, s.label) for s in webvtt.read(text)] == [(1, 2, "Hi"), (3600, 3601, "[Music]")]


def test_other_text_is_refused():
    with pytest.raises(ManifestError, match=r"a\.vtt:1: a WebVTT file starts with 'WEBVTT'"):
        webvtt.read("1\n00:00:01,000 --> 00:00:02,000\n", "a.vtt")
