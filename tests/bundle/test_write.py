"""The folder that `vad export --bundle` writes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from vad.artifact import load_artifact, save_artifact
from vad.bundle import PLATFORMS, write, write_bundle
from vad.errors import ModelError


def test_every_platform_finds_the_model_and_its_description(bundle: Path, model: Path) -> None:
    digest = load_artifact(model).digest
    assert len(list(bundle.rglob("vad.tflite"))) == 1 + len(PLATFORMS)
    for path in bundle.rglob("vad.tflite"):
        assert path.read_bytes() == model.read_bytes()
        fields = json.loads((path.parent / "vad.json").read_text(encoding="utf-8"))
        assert fields["sha256"] == digest
        assert fields["decision"] == load_artifact(model).metadata.decision.to_dict()


def test_every_platform_says_how_it_is_used(bundle: Path) -> None:
    for folder in (bundle, *(bundle / platform for platform in PLATFORMS)):
        assert len((folder / "README.md").read_text(encoding="utf-8")) > 300


def test_nothing_is_left_to_fill_in_and_no_other_host_is_named(bundle: Path) -> None:
    for path in (bundle / "web").iterdir():
        if path.suffix in {".html", ".css", ".js"}:
            text = path.read_text(encoding="utf-8")
            assert "@DIGEST@" not in text
            assert "https://" not in text, path
    # What is kept for use without a network is what there is.
    text = (bundle / "web" / "offline.js").read_text(encoding="utf-8")
    for path in (bundle / "web").iterdir():
        if path.suffix in {".html", ".css", ".js", ".svg", ".tflite"} and path.name != "offline.js":
            assert f'"{path.name}"' in text, path


def test_other_code_around_the_same_model_has_another_name(
    model: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a browser keeps for use without a network goes by that name, and would be served for ever."""
    shared = write._SHARED_WITH_PICTURES
    again = write_bundle(model, tmp_path / "again").folder
    monkeypatch.setattr(write, "_SHARED_WITH_PICTURES", (*shared, "draw.js"))
    other = write_bundle(model, tmp_path / "other").folder
    texts = [(folder / "web" / "offline.js").read_bytes() for folder in (bundle, again, other)]
    assert texts[0] == texts[1] != texts[2]


def test_writing_again_replaces_what_was_written_and_nothing_else(model: Path, tmp_path: Path) -> None:
    first = write_bundle(model, tmp_path / "bundle")
    (tmp_path / "bundle" / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "bundle" / "c" / "vad.c").write_text("changed", encoding="utf-8")
    assert write_bundle(model, tmp_path / "bundle") == first
    assert (tmp_path / "bundle" / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert "vad_stream_push" in (tmp_path / "bundle" / "c" / "vad.c").read_text(encoding="utf-8")


def test_what_cannot_be_bundled_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="needs a folder"):
        write_bundle(model, tmp_path / "file")
    artifact = load_artifact(model)
    save_artifact(
        tmp_path / "m.tflite", artifact.flatbuffer, dataclasses.replace(artifact.metadata, signatures={"x": 1})
    )
    with pytest.raises(ModelError, match="audio_1"):
        write_bundle(tmp_path / "m.tflite", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
