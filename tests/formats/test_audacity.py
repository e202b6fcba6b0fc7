"""Audacity label tracks."""

import pytest

from vad.errors import ManifestError
from vad.formats import Span, audacity


def test_regions_are_read_points_and_frequencies_passed_over():
    text = "0.5\t1.5\thello\tyou\n\\\t100.0\t2000.0\n2,25\t3,5\t\n4.0\t4.0\tclick\n5\t6\n\n"
    assert audacity.read(text) == [Span(0.5, 1.5, "hello\tyou"), Span(2.25, 3.5, "speech"), Span(5, 6, "speech")]


def test_bad_lines_are_told_by_number():
    with pytest.raises(ManifestError) as caught:
        audacity.read("0 1 speech\na\t2\n3\t1\tx\n", "a.txt")
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["a.txt:1", "a.txt:2", "a.txt:3"]
