"""Times in other units than seconds come back exact to the sample."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.errors import ConfigError, ManifestError
from vad.formats import FORMATS, UNITS, Entry, SpeechLabels, read_labels
from vad.segments import Segment, Timeline

WITH_UNITS = [name for name, form in FORMATS.items() if form.units]


def test_the_formats_with_units():
    assert WITH_UNITS == ["json", "jsonl", "csv"]


@pytest.mark.parametrize("name", WITH_UNITS)
@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=40, deadline=None)
@given(edges=st.sets(st.integers(0, 10**9), max_size=12), rate=st.sampled_from([8000, 16000, 44100, 192000]))
def test_times_come_back_to_the_sample(name, unit, edges, rate):
    pairs = zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    speech = Timeline(Segment(start / rate, end / rate) for start, end in pairs)
    form = FORMATS[name]
    text = form.write([Entry("a.wav", speech, None, rate)], None, unit=unit)
    found = SpeechLabels().select(form.read(text, "a"), "a").get("a.wav", Timeline())
    assert [(round(s.start * rate), round(s.end * rate)) for s in found] == [
        (round(s.start * rate), round(s.end * rate)) for s in speech
    ]


def test_what_is_written():
    entry = Entry("a.wav", Timeline.from_pairs([(0.5, 1.25)]), 2.0, 44100)
    assert FORMATS["csv"].write([entry], None, unit="ms") == "recording,start_ms,end_ms\na.wav,500.000,1250.000\n"
    assert FORMATS["csv"].write([entry], None, unit="samples") == (
        "recording,start_sample,end_sample,sample_rate\na.wav,22050,55125,44100\n"
    )
    document = json.loads(FORMATS["json"].write([entry], None, unit="samples"))
    assert document["unit"] == "samples"
    assert document["recordings"][0]["speech"] == [{"start": 22050, "end": 55125}]
    assert document["recordings"][0]["duration_s"] == 2.0


@pytest.mark.parametrize("name", WITH_UNITS)
def test_samples_without_a_rate_are_refused(name):
    with pytest.raises(ConfigError, match="sample_rate"):
        FORMATS[name].write([Entry("a.wav", Timeline.from_pairs([(0, 1)]))], None, unit="samples")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "start_sample,end_sample\n1,2\n", "samples need a column sample_rate"),
        ("a.csv", "start_sample,end_sample,sample_rate\n1,2,x\n", "a.csv:2: the sample rate"),
        ("a.csv", "start_ms,end\n1,2\n", "no column for the end"),
        ("a.json", '{"unit": "hours", "speech": []}', "the unit must be one of s, ms, samples; received 'hours'"),
        ("a.json", '{"unit": "samples", "speech": [[1, 2]]}', "need the recording's 'sample_rate'"),
        ("a.jsonl", '{"speech": []}\n{"unit": "days", "speech": []}\n', "a.jsonl:2: the line: the unit"),
        ("a.jsonl", '{"speech": []}\n{"speech"\n', "a.jsonl:2: not JSON"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ManifestError, match=words):
        read_labels(tmp_path / name)
