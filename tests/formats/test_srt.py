"""SubRip subtitles."""

import pytest

from vad.errors import ManifestError
from vad.formats import Entry, srt
from vad.segments import Timeline


def test_subtitles_are_written_as_players_expect():
    speech = Timeline.from_pairs([(0.5, 1.2344), (3661.0, 3661.0001)])
    assert srt.write([Entry("a", speech)]) == (
        "1\n00:00:00,500 --> 00:00:01,234\nspeech\n\n2\n01:01:01,000 --> 01:01:01,001\nspeech\n\n"
    )


def test_subtitles_of_other_tools_are_read():
    text = "\n\n1\n00:00:01,5 --> 00:00:02.250 X1:0 Y1:0\n<i>Hello</i>\nyou\n\n\n01:02 --> 01:03\n"
    with pytest.raises(ManifestError, match="a:9: expected 'start --> end'; received '01:02 --> 01:03'"):
        srt.read(text, "a")
    spans = srt.read(text.replace("01:02 --> 01:03", "01:02.0 --> 01:03.0"))
    assert [(s.start, s.end, s.label) for s in spans] == [(1.5, 2.25, "Hello you"), (62, 63, "speech")]


def test_bad_cues_are_told_by_line():
    with pytest.raises(ManifestError) as caught:
        srt.read("1\n00:00:02,000 --> 00:00:01,000\nx\n\nnonsense\n", "a.srt")
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["a.srt:2", "a.srt:5"]
