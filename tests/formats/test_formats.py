"""Laws of all formats: what is written comes back, exact to the sample where the format has the decimals."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.errors import ConfigError, ManifestError
from vad.formats import (
    FORMATS,
    Entry,
    Provenance,
    SpeechLabels,
    find_format,
    read_labels,
    read_timelines,
    write_labels,
)
from vad.segments import Segment, Timeline

RATE = 16000
MILLISECONDS = ("srt", "vtt")


@st.composite
def timelines(draw):
    edges = sorted(draw(st.sets(st.integers(0, 36000 * RATE), max_size=20)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return Timeline(Segment(start / RATE, end / RATE) for start, end in pairs)


def _samples(timeline):
    return [(round(s.start * RATE), round(s.end * RATE)) for s in timeline]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(speech=timelines())
def test_what_is_written_comes_back(name, speech):
    form = FORMATS[name]
    text = form.write([Entry("a.wav", speech, 36001.0)], None)
    found = SpeechLabels().select(form.read(text, "a"), "a")
    read = Timeline(s for timeline in found.values() for s in timeline)
    if name not in MILLISECONDS:
        assert _samples(read) == _samples(speech)
        assert all(abs(a.start - b.start) < 1e-6 for a, b in zip(read, speech, strict=True))
    else:
        # Half a millisecond each edge; segments that this brings together are one.
        assert len(read) <= len(speech)
        for segment in speech:
            middle = (segment.start + segment.end) / 2
            assert any(s.start - 0.0011 <= middle <= s.end + 0.0011 for s in read)
        assert abs(read.speech_s - speech.speech_s) < 0.0021 * max(1, len(speech))


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.several])
def test_several_recordings_come_back_by_name(tmp_path, name):
    one, two = Timeline.from_pairs([(0.5, 1.25), (2, 3)]), Timeline.from_pairs([(7.25, 9)])
    path = tmp_path / f"out{FORMATS[name].suffixes[0]}"
    write_labels(path, [Entry("a.wav", one), Entry("b/c.wav", two)])
    assert read_timelines(path) == {"a.wav": one, "b/c.wav": two}
    assert read_labels(path, recording="b/c.wav") == two
    with pytest.raises(ManifestError, match="holds 2 recordings"):
        read_labels(path)
    with pytest.raises(ManifestError, match=r"no recording 'a\.waf' \(did you mean 'a\.wav'\?\)"):
        read_labels(path, recording="a.waf")


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if not form.several])
def test_formats_of_one_recording_refuse_several(name):
    with pytest.raises(ConfigError, match="holds one recording; received 2"):
        FORMATS[name].write([Entry("a", Timeline()), Entry("b", Timeline())], None)


@pytest.mark.parametrize("name", FORMATS)
def test_no_speech_comes_back_as_no_speech(tmp_path, name):
    path = tmp_path / f"out{FORMATS[name].suffixes[0]}"
    for duration_s in (None, 2.5):
        write_labels(path, [Entry("a.wav", Timeline(), duration_s)], provenance=Provenance("lstm-vad 1"))
        assert read_labels(path) == Timeline()
    if name == "json":
        assert read_timelines(path) == {"a.wav": Timeline()}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_and_line_ends_of_other_tools_are_read(tmp_path, name, encoding):
    speech = Timeline.from_pairs([(0.25, 1.5), (2.0, 2.125)])
    text = FORMATS[name].write([Entry("café.wav", speech, 3.0)], None).replace("\n", "\r\n")
    path = tmp_path / f"out{FORMATS[name].suffixes[0].upper()}"
    path.write_bytes(text.encode(encoding))
    assert read_labels(path) == speech


def test_formats_are_found_by_name_or_suffix():
    assert find_format("rttm", "a.csv").name == "rttm"
    assert find_format(None, "a/B.TextGrid").name == "textgrid"
    with pytest.raises(ConfigError, match=r"received 'textgird' \(did you mean 'textgrid'\?\)"):
        find_format("textgird")
    with pytest.raises(ConfigError, match=r"notes\.doc: no format of label files has this suffix"):
        find_format(None, "notes.doc")


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read: No such file"):
        read_labels(tmp_path / "missing.csv")
    (tmp_path / "binary.csv").write_bytes(b"a\0b")
    with pytest.raises(ManifestError, match="not a text file"):
        read_labels(tmp_path / "binary.csv")
    (tmp_path / "odd.csv").write_bytes(codecs.BOM_UTF16_LE + b"a")
    with pytest.raises(ManifestError):
        read_labels(tmp_path / "odd.csv")


def test_a_failing_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.srt"
    path.write_text("old")
    with pytest.raises(ConfigError):
        write_labels(path, [])
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
