"""Laws of the artifact: what is saved is loaded, and nothing else is."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from vad.artifact import METADATA_NAME, Metadata, load_artifact, parse_artifact, save_artifact
from vad.decision import DecisionRule
from vad.errors import ModelError
from vad.features.spec import FeatureSpec

# The checks look at the identifier and the digest only; that LiteRT can run a model is the runtime's matter.
FLATBUFFER = b"\x1c\x00\x00\x00TFL3" + bytes(range(256)) * 4
METADATA = Metadata(
    features=FeatureSpec(n_mels=32),
    lookahead_frames=3,
    states={"h_0": (1, 8), "c_0": (1, 8)},
    signatures={"audio_1": 1, "audio_16": 16},
    decision=DecisionRule(onset_threshold=0.6),
    label_rule="energy, 12 dB above the floor",
    training={"hours": 12.5, "licences": ["CC0-1.0"]},
    versions={"keras": "3.15.1"},
    license="Apache-2.0",
)


@pytest.fixture
def saved(tmp_path) -> Path:
    path = tmp_path / "model.tflite"
    save_artifact(path, FLATBUFFER, METADATA)
    return path


def rewritten(path: Path, change) -> bytes:
    """The file with its metadata changed by a function that edits the fields in place."""
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        fields = json.loads(archive.read(METADATA_NAME))
    change(fields)
    return with_text(json.dumps(fields))


def with_text(text: str) -> bytes:
    target = io.BytesIO(FLATBUFFER)
    target.seek(0, io.SEEK_END)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(METADATA_NAME, text)
    return target.getvalue()


def test_what_is_saved_is_loaded(saved):
    artifact = load_artifact(saved)
    assert artifact.metadata == METADATA
    assert artifact.flatbuffer == FLATBUFFER
    assert artifact.name == str(saved)


def test_the_file_is_a_flatbuffer_and_a_zip(saved):
    assert saved.read_bytes().startswith(FLATBUFFER)
    with zipfile.ZipFile(saved) as archive:
        assert archive.namelist() == [METADATA_NAME]
        assert archive.testzip() is None


def test_the_same_model_gives_the_same_bytes(saved, tmp_path):
    save_artifact(tmp_path / "again.tflite", FLATBUFFER, METADATA)
    assert (tmp_path / "again.tflite").read_bytes() == saved.read_bytes()


def test_saving_replaces_and_leaves_nothing_else(saved):
    save_artifact(saved, FLATBUFFER, METADATA)
    assert [path.name for path in saved.parent.iterdir()] == ["model.tflite"]


def test_what_is_no_model_is_not_saved(tmp_path):
    with pytest.raises(ModelError, match="wanted a TensorFlow Lite model"):
        save_artifact(tmp_path / "model.tflite", b"hello", METADATA)
    assert list(tmp_path.iterdir()) == []


def test_metadata_that_json_cannot_hold_leaves_no_file(tmp_path):
    metadata = Metadata(FeatureSpec(), 0, {}, {"audio_1": 1}, training={"loss": float("nan")})
    with pytest.raises(ModelError, match="cannot be written as JSON"):
        save_artifact(tmp_path / "model.tflite", FLATBUFFER, metadata)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.tflite: cannot read the model: No such file"):
        load_artifact(tmp_path / "gone.tflite")


@pytest.mark.parametrize("content", [b"", b"id,start,end\n1,2,3\n"], ids=["empty", "text"])
def test_other_files_are_refused(content):
    with pytest.raises(ModelError, match="wanted a TensorFlow Lite model, found a file that begins with"):
        parse_artifact(content, "other.tflite")


def test_a_model_without_metadata_is_refused():
    with pytest.raises(ModelError, match=r"wanted a model with vad\.json appended.*vad export"):
        parse_artifact(FLATBUFFER, "plain.tflite")


def test_a_changed_flatbuffer_is_refused(saved):
    content = bytearray(saved.read_bytes())
    content[100] ^= 1
    with pytest.raises(ModelError, match="the file was changed or damaged"):
        parse_artifact(bytes(content))


def test_a_file_cut_short_is_refused(saved):
    with pytest.raises(ModelError):
        parse_artifact(saved.read_bytes()[:-30])


@pytest.mark.parametrize("text", ["{", "[1]", '{"format_version": 1}'])
def test_broken_metadata_is_refused(text):
    with pytest.raises(ModelError, match=r"vad\.json"):
        parse_artifact(with_text(text))


LATER = {"input": "audio", "dft": "rfft", "quantization": "none", "verification": {}}


@pytest.mark.parametrize("key", [key for key in METADATA.to_dict() if key not in LATER])
def test_every_field_is_needed(saved, key):
    with pytest.raises(ModelError, match=key):
        parse_artifact(rewritten(saved, lambda fields: fields.pop(key)))


@pytest.mark.parametrize("key", LATER)
def test_a_file_from_before_there_were_variants_is_read(saved, key):
    found = parse_artifact(rewritten(saved, lambda fields: fields.pop(key)))
    assert getattr(found.metadata, key) == LATER[key]


def test_a_rule_from_before_there_was_something_to_confirm_is_read(saved):
    found = parse_artifact(rewritten(saved, lambda fields: fields["decision"].pop("confirm_threshold")))
    assert found.metadata.decision == METADATA.decision


@pytest.mark.parametrize("key", ["input", "dft", "quantization"])
def test_a_variant_that_is_not_known_is_refused(saved, key):
    with pytest.raises(ModelError, match=f"{key} must be one of .*, found 'int7'"):
        parse_artifact(rewritten(saved, lambda fields: fields.update({key: "int7"})))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.update(format_version=99), "wanted format_version 1, found 99"),
        (lambda f: f["features"].update(fingerprint="0" * 16), "fingerprint is '0000000000000000'"),
        (lambda f: f["features"].update(n_mels=40), "fingerprint"),
        (lambda f: f["features"].update(n_mel=40), "did you mean 'n_mels'"),
        (lambda f: f["features"].update(n_mels="many"), "model: vad.json"),
        (lambda f: f.update(lookahead_frames=-1), "lookahead_frames must be >= 0, found -1"),
        (lambda f: f.update(lookahead_frames=True), "lookahead_frames must be of type int, found True"),
        (lambda f: f.update(signatures={"audio_2": 2}), "one of them 1"),
        (lambda f: f.update(signatures={"audio_1": 1, "audio_x": "x"}), "whole frames per call"),
        (lambda f: f.update(states=[{"name": "h_0"}]), "a state must be"),
        (lambda f: f["decision"].update(onset_threshold=2), "onset_threshold must lie in"),
        (lambda f: f["decision"].update(onset=0.5), "unknown field 'onset'"),
    ],
)
def test_wrong_fields_are_named(saved, change, message):
    with pytest.raises(ModelError, match=message):
        parse_artifact(rewritten(saved, change))
