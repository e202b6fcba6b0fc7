"""Tables of many makers."""

import pytest

from vad.errors import ManifestError
from vad.formats import Entry, csv
from vad.segments import Timeline


@pytest.mark.parametrize(
    "text",
    [
        "start,end\n1,2.5\n",
        "Onset;Offset\n1,0;2,5\n",
        "label\ttmin\ttmax\nspeech\t1\t2.5\n",
        "filename,onset,duration,speaker\n,1.0,1.5,anna\n",
        "1.0,2.5\n",
        "1,2.5,hello\n\n",
    ],
)
def test_headers_and_separators_of_other_tools_are_read(text):
    (span,) = csv.read(text)
    assert (span.start, span.end) == (1.0, 2.5)
    assert span.label in ("speech", "hello")


def test_a_name_with_commas_and_quotes_comes_back():
    name = 'a "b", c.wav'
    (span,) = csv.read(csv.write([Entry(name, Timeline.from_pairs([(0, 1)]))]))
    assert span.recording == name


def test_rows_can_follow_without_a_header():
    entries = [Entry("a", Timeline.from_pairs([(0, 1)])), Entry("b", Timeline.from_pairs([(2, 3)]))]
    assert csv.write(entries) == csv.write(entries[:1]) + csv.write(entries[1:], header=False)


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(ManifestError, match=r"a\.csv:1: no column for the start .*'strat' \(did you mean 'start'\?\)"):
        csv.read("strat,end\n1,2\n", "a.csv")
    with pytest.raises(ManifestError, match="no column for the end"):
        csv.read("start,label\n1,x\n")


def test_bad_rows_are_told_by_line():
    with pytest.raises(ManifestError) as caught:
        csv.read("start,end\n0,1\nx,2\n3\n5,4\n", "a.csv")
    assert str(caught.value).splitlines() == [
        "a.csv:3: the start must be a time in seconds; received 'x'",
        "a.csv:4: the end must be a time in seconds; received ''",
        "a.csv:5: the end must be after the start; received 5 to 4",
    ]
