"""Which labels are speech, and how problems are told."""

import pytest

from vad.errors import ManifestError
from vad.formats import Span, SpeechLabels
from vad.formats.spans import Problems, clock
from vad.segments import Timeline

SPANS = [
    Span(0, 1, "", tier="words"),
    Span(1, 2, "hello", tier="words"),
    Span(2, 3, "SIL", tier="words"),
    Span(3, 4, "[Music]", tier="words"),
    Span(4, 5, "non-speech", tier="words"),
    Span(5, 6, "cough", tier="events"),
]


def test_labels_of_silence_are_not_speech():
    assert SpeechLabels().select(SPANS, "a") == {"": Timeline.from_pairs([(1, 2), (5, 6)])}


def test_the_caller_chooses():
    assert SpeechLabels(tier="words").select(SPANS, "a")[""].to_pairs() == [(1, 2)]
    assert SpeechLabels(only=frozenset({"Cough", "music"})).select(SPANS, "a")[""].to_pairs() == [(3, 4), (5, 6)]
    assert SpeechLabels(ignored=frozenset({"hello"})).select(SPANS, "a")[""].to_pairs() == [(0, 1), (2, 6)]
    with pytest.raises(ManifestError, match=r"a: no tier 'word' \(did you mean 'words'\?\); it has 'words', 'events'"):
        SpeechLabels(tier="word").select(SPANS, "a")


def test_all_problems_are_told_at_once_up_to_a_point():
    problems = Problems("a.csv")
    assert problems.seconds("1_0", 1, "the start") is None
    assert problems.seconds("nan", 2, "the end") is None
    assert problems.seconds("1e400", 3, "the end") is None
    assert problems.seconds(" -2.5 ", 4, "the end") == -2.5
    assert not problems.is_forward(2, 2, 5)
    for line in range(6, 40):
        problems.add(line, "odd")
    with pytest.raises(ManifestError) as caught:
        problems.check()
    lines = str(caught.value).splitlines()
    assert lines[0] == "a.csv:1: the start must be a time in seconds; received '1_0'"
    assert lines[3] == "a.csv:5: the end must be after the start; received 2 to 2"
    assert len(lines) == 21 and "18 more" in lines[-1]
    Problems("b").check()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00,000"), (-1, "00:00:00,000"), (59.9996, "00:01:00,000"), (360000.0005, "100:00:00,001")],
)
def test_clock_times(seconds, text):
    assert clock(seconds, ",") == text
