"""The evaluation set: stated ratios, honest labels, the same samples every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

from vad.manifests import Recording, read_manifest, write_manifest
from vad.segments import Timeline

_RATE = 16000


@pytest.fixture(scope="module")
def takes(scripts: dict[str, ModuleType], corpus: Path) -> dict[str, list]:
    module = scripts["evaluation_set"]
    return dict(module.conditions(module.Corpus(corpus, corpus / "manifests", "dev"), 2, 0))


def test_every_condition_that_there_is_material_for(takes: dict[str, list]) -> None:
    counts = {name: len(found) for name, found in takes.items()}
    mixed = ["noise-20", "noise-10", "noise-5", "noise-0", "music-10", "music-5", "music-0", "telephone", "room"]
    wanted = {"labelled": 1, "clean": 2, **dict.fromkeys(mixed, 2), "noise-only": 1, "music-only": 2}
    assert {name: count for name, count in counts.items() if count} == wanted
    for name, found in takes.items():
        for take in found:
            assert take.samples.dtype == np.float32
            assert np.isfinite(take.samples).all()
            assert take.samples.size == 30 * _RATE or name == "labelled"


def test_somebody_who_wakes_a_listener_by_mistake_is_no_noise(scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    names = ["ovos-noises/false_activations/a.wav", "ovos-noises/noises/b.wav", "other/false_activations/c.wav"]
    row = Recording("", "a.wav", 0.0, 1.0, "noise", Timeline(), "no-speech", None, None, "dev", "CC0-1.0", "permissive")
    write_manifest(tmp_path / "all.jsonl", [replace(row, id=name) for name in names])
    assert [found.id for found in scripts["evaluation_set"].judged_by(tmp_path / "all.jsonl", "dev")] == names[1:]
    assert not scripts["evaluation_set"].judged_by(tmp_path / "all.jsonl", "test")


def test_labels_lie_where_the_speech_is(takes: dict[str, list]) -> None:
    for take in takes["clean"]:
        truth = np.abs(take.samples) > 0.2 * np.abs(take.samples).max()
        labels = np.zeros(truth.size, bool)
        for segment in take.speech:
            labels[round(segment.start * _RATE) : round(segment.end * _RATE)] = True
        assert np.mean(truth & ~labels) < 0.002
        assert len(take.speech) >= 2
        assert min(gap.duration for gap in take.speech.gaps(take.speech[0].start, take.speech[-1].end)) > 0.5


@pytest.mark.parametrize("name", ["noise-20", "noise-0", "music-5"])
def test_the_ratio_is_the_stated_one(name: str, takes: dict[str, list], scripts: dict[str, ModuleType]) -> None:
    rms_within = scripts["evaluation_set"].rms_within
    for clean, noisy in zip(takes["clean"], takes[name], strict=True):
        background = noisy.samples.astype(float) - clean.samples
        ratio = 20 * np.log10(rms_within(clean.samples, clean.speech) / np.sqrt(np.mean(background**2)))
        assert ratio == pytest.approx(float(name.split("-")[1]), abs=0.01)
        assert noisy.speech == clean.speech


def test_ratios_differ_in_nothing_but_the_ratio(takes: dict[str, list]) -> None:
    clean = takes["clean"][0].samples.astype(float)
    loud, soft = takes["noise-0"][0].samples - clean, takes["noise-20"][0].samples - clean
    np.testing.assert_allclose(soft, loud / 10, atol=1e-5)


def test_a_telephone_has_no_bass_and_no_treble_and_keeps_time(scripts: dict[str, ModuleType]) -> None:
    t = np.arange(2 * _RATE) / _RATE
    tones = sum(0.2 * np.sin(2 * np.pi * f * t) for f in (100, 1000, 5000)).astype(np.float32)
    tones[: _RATE // 2] = 0
    heard = scripts["evaluation_set"].telephone(tones)
    spectrum = np.abs(np.fft.rfft(heard[_RATE:])) / (_RATE / 2)
    assert heard.shape == tones.shape
    assert spectrum[1000] == pytest.approx(0.2, rel=0.05)
    assert spectrum[100] < 0.01
    assert spectrum[5000] < 0.001
    assert np.flatnonzero(np.abs(heard) > 0.1)[0] == pytest.approx(_RATE // 2, abs=40)


def test_a_room_keeps_the_direct_sound_in_place_and_adds_a_tail(scripts: dict[str, ModuleType]) -> None:
    click = np.zeros(_RATE, np.float32)
    click[4000] = 1
    wet = scripts["evaluation_set"].in_room(click, np.random.default_rng(0))
    assert wet[:4000] == pytest.approx(0, abs=1e-6)
    assert wet[4000] == pytest.approx(1, abs=1e-6)
    assert 0.25 < np.sum(wet[4001:].astype(float) ** 2) < 1.01
    assert np.abs(wet[4032:5000]).mean() > 5 * np.abs(wet[-3000:]).mean()


def test_the_whole_way_to_the_page(
    scripts: dict[str, ModuleType], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(corpus))
    arguments = ["--engines", "energy", "--minutes", "1", "--bootstrap", "5", "--cache", str(tmp_path / "cache")]
    arguments += ["--manifests", str(corpus / "manifests")]
    first = CliRunner().invoke(scripts["accuracy"].main, [*arguments, "--output", str(tmp_path / "page.md")])
    assert first.exit_code == 0, first.output
    text = (tmp_path / "page.md").read_text()
    for line in ("## ROC-AUC", "| condition | energy |", "| noise-0 | ", "## room", "| roc_auc | "):
        assert line in text
    (folder,) = (tmp_path / "cache").iterdir()
    rows = read_manifest(folder / "manifest.jsonl")
    assert {row.source for row in rows} >= {"clean", "noise-0", "music-only"}
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")}
    again = CliRunner().invoke(scripts["accuracy"].main, arguments)  # from the cache, to the terminal
    assert again.exit_code == 0, again.output
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")} == times
    assert text.split("Evaluation set")[1] in again.output


def test_no_recordings_is_one_line(
    scripts: dict[str, ModuleType], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path))
    arguments = ["--engines", "energy", "--cache", str(tmp_path / "cache"), "--manifests", str(corpus / "manifests")]
    result = CliRunner().invoke(scripts["accuracy"].main, [*arguments, "--split", "test"])
    assert result.exit_code == 1
    assert "no speech of the split 'test'" in result.output
