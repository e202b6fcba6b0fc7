"""RTTM lines."""

import pytest

from vad.errors import ManifestError
from vad.formats import Entry, Span, rttm
from vad.segments import Timeline


def test_turns_are_read_and_other_lines_passed_over():
    text = (
        ";; comment\n"
        "SPKR-INFO rec 1 <NA> <NA> <NA> unknown anna <NA> <NA>\n"
        "SPEAKER rec 1 0.50 1.25 <NA> <NA> anna <NA> <NA>\n"
        "SPEAKER rec2   1 3 .5 <NA> <NA> ben <NA>\n"
        "NON-SPEECH rec 1 9 1 <NA> noise <NA> <NA>\n"
    )
    assert rttm.read(text) == [Span(0.5, 1.75, "anna", "rec"), Span(3, 3.5, "ben", "rec2")]


def test_names_lose_their_white_space():
    text = rttm.write([Entry("my  own file.wav", Timeline.from_pairs([(0, 1)]))])
    assert text == "SPEAKER my_own_file.wav 1 0.000000 1.000000 <NA> <NA> speech <NA> <NA>\n"


def test_bad_lines_are_told_by_number():
    with pytest.raises(ManifestError) as caught:
        rttm.read("SPEAKR a 1 0 1\nSPEAKER a 1 0\nSPEAKER a 1 x 1 n n s n\nSPEAKER a 1 1 0 n n s n\n", "a.rttm")
    lines = str(caught.value).splitlines()
    assert lines[0] == "a.rttm:1: not a type of RTTM line: 'SPEAKR' (did you mean 'SPEAKER'?)"
    assert "a.rttm:2: an RTTM line has 8 fields" in lines[1]
    assert "a.rttm:3: the start (field 4)" in lines[2]
    assert "a.rttm:4: the duration must be positive" in lines[3]
