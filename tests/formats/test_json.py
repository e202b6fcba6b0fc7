"""JSON documents, ours and simpler ones."""

import json

import pytest

from vad.errors import ManifestError
from vad.formats import Entry, Provenance
from vad.formats import json as json_format
from vad.segments import Timeline


def test_the_document_says_what_made_it():
    provenance = Provenance("lstm-vad 0.1.0", "vad.tflite", "abc123", {"onset_threshold": 0.5})
    entry = Entry("a.wav", Timeline.from_pairs([(0.1, 0.30000004)]), 2.0)
    assert json.loads(json_format.write([entry], provenance)) == {
        "tool": "lstm-vad 0.1.0",
        "model": {"name": "vad.tflite", "fingerprint": "abc123"},
        "settings": {"onset_threshold": 0.5},
        "recordings": [{"recording": "a.wav", "duration_s": 2.0, "speech": [{"start": 0.1, "end": 0.3}]}],
    }
    assert list(json.loads(json_format.write([entry]))) == ["recordings"]


@pytest.mark.parametrize(
    "text",
    [
        "[[1, 2.5]]",
        '[{"start": 1, "end": 2.5}]',
        '{"speech": [[1.0, 2.5]]}',
        '{"text": "hi", "segments": [{"id": 0, "start": 1.0, "end": 2.5, "text": "hi"}]}',
        '{"recordings": [{"file": "", "speech": [[1, 2.5]]}]}',
    ],
)
def test_simpler_documents_are_read(text):
    (span,) = json_format.read(text)
    assert (span.start, span.end, span.label) == (1.0, 2.5, "speech")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1,\n2", "a.json:2: not JSON"),
        ("[1, 2]", r"document\[0\] must be .* received 1"),
        ('[["1", 2]]', r"document\[0\]"),
        ("[[true, 2]]", r"document\[0\]"),
        ("[[2, 1]]", "the end must be after the start"),
        ("[[NaN, 1]]", r"document\[0\]"),
        ('{"speach": []}', r"needs a list 'speech' \(did you mean 'speech'\?\)"),
        ('{"recordings": {}}', "must be a list; received dict"),
        ('{"recordings": [{"speech": 1}]}', r"recordings\[0\]\.speech must be a list"),
        ("3", "document must be a list"),
    ],
)
def test_other_shapes_are_refused_with_their_place(text, words):
    with pytest.raises(ManifestError, match=words):
        json_format.read(text, "a.json")
