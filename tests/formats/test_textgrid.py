"""TextGrids of Praat and its kin."""

import pytest

from vad.errors import ManifestError
from vad.formats import Entry, SpeechLabels, textgrid
from vad.segments import Timeline

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 3.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words 2"
        xmin = 0
        xmax = 3.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1.25
            text = ""
        intervals [2]:
            xmin = 1.25
            xmax = 2.5
            text = "he said ""3 4"" ! not
a comment"
        intervals [3]:
            xmin = 2.5
            xmax = 3.5
            text = "sil"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 3.5
        points: size = 1
        points [1]:
            number = 0.75
            mark = "x"
"""
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
3.5
<exists>
2
"IntervalTier"
"words 2"
0
3.5
3
0
1.25
""
1.25
2.5 ! a comment with "quotes" and 7
"he said ""3 4"" ! not
a comment"
2.5
3.5
"sil"
"TextTier"
"clicks"
0 3.5 1 0.75 "x"
"""


@pytest.mark.parametrize("text", [LONG, SHORT])
def test_long_and_short_forms_say_the_same(text):
    spans = textgrid.read(text)
    assert [(s.start, s.end, s.tier) for s in spans] == [
        (0, 1.25, "words 2"),
        (1.25, 2.5, "words 2"),
        (2.5, 3.5, "words 2"),
    ]
    assert spans[1].label == 'he said "3 4" ! not\na comment'
    assert SpeechLabels(tier="words 2").select(spans, "a")[""].to_pairs() == [(1.25, 2.5)]


def test_the_tier_covers_the_recording():
    speech = Timeline.from_pairs([(-0.5, 0.5), (1, 2)])
    found = textgrid.read(textgrid.write([Entry("a", speech, 3.0)]))
    assert [(s.start, s.end, s.label) for s in found] == [
        (0, 0.5, "speech"),
        (0.5, 1, ""),
        (1, 2, "speech"),
        (2, 3, ""),
    ]
    assert textgrid.read(textgrid.write([Entry("a", speech)]))[-1].end == 2


def test_a_grid_without_tiers_holds_nothing():
    assert textgrid.read('"ooTextFile" "TextGrid" 0 1 <absent>') == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file ends where 'ooTextFile' is expected"),
        ('"ooTextFile"\n"PitchTier" 0 1', "g:2: not a TextGrid"),
        (SHORT.replace("TextTier", "TextTeir"), "g:23: a tier is IntervalTier or TextTier"),
        (SHORT[: SHORT.index("2.5\n3.5")], "the file ends where a time is expected"),
        (LONG.replace("xmax = 2.5", "xmax = x"), "g:22: expected the end of an interval, a number"),
        (SHORT.replace('2.5\n3.5\n"sil"', '2.5\n2.0\n"sil"'), "g:22: the end must be after the start"),
    ],
)
def test_what_is_no_grid_is_told_by_line(text, words):
    with pytest.raises(ManifestError, match=words):
        textgrid.read(text, "g")
