"""Laws of labels that machines give."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.audio import read
from vad.data.reach import ROUNDING_S
from vad.data.relabel import METHODS, Labeller, label_clips, wanted
from vad.labels import energy_segments
from vad.manifests import LABEL_SOURCES, Clip, Recording
from vad.segments import Timeline

RECORDING = Path(__file__).resolve().parents[2] / "examples" / "recording.wav"
ROW = Recording(
    id="own/a",
    audio="a.wav",
    offset_s=0.0,
    duration_s=14.0,
    kind="speech",
    speech=None,
    label_source="none",
    speaker=None,
    language=None,
    split="train",
    license="own",
    tier="permissive",
)


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Two clips of one file, one of another, and a file that is no recording."""
    (tmp_path / "bad.wav").write_text("no sound")
    samples, rate = soundfile.read(RECORDING)
    soundfile.write(tmp_path / "other.flac", samples[: 6 * rate], rate)
    bad, other = tmp_path / "bad.wav", tmp_path / "other.flac"
    return [Clip(RECORDING, 0.0, 7.0), Clip(bad, 0.0, 1.0), Clip(other, 0.0, 6.0), Clip(RECORDING, 7.0, 7.0)]


@pytest.mark.parametrize("method", METHODS)
def test_outcomes_do_not_depend_on_processes(clips: list[Clip], method: str) -> None:
    alone = {found.index: found for found in label_clips(clips, Labeller(method))}
    many = {found.index: found for found in label_clips(clips, Labeller(method), jobs=2)}
    assert alone == many and sorted(alone) == [0, 1, 2, 3]
    assert alone[1].speech is None and "bad.wav" in str(alone[1].problem)
    assert all(found.problem is None and found.speech for index, found in alone.items() if index != 1)


def test_energy_is_that_of_the_labels(clips: list[Clip]) -> None:
    found = {outcome.index: outcome.speech for outcome in label_clips(clips, Labeller("energy"))}
    assert found[3] == energy_segments(read(RECORDING, sample_rate=16000)[7 * 16000 :], 16000).crop(0.0, 7.0)


@pytest.mark.parametrize("jobs", [1, 2])
def test_clips_past_the_end_are_told_and_spoil_no_others(clips: list[Clip], jobs: int) -> None:
    late = [Clip(RECORDING, 13.0, 7.0), Clip(RECORDING, 40.0, 7.0), Clip(clips[2].path, 5.5, 1.0)]
    found = {outcome.index: outcome for outcome in label_clips([*clips, *late], Labeller("energy"), jobs=jobs)}
    for index in (4, 5, 6):
        assert found[index].speech is None and "must reach to" in str(found[index].problem)
    assert all(found[index].speech for index in (0, 2, 3))


def test_the_length_of_a_clip_may_be_rounded_alone_and_among_others(clips: list[Clip]) -> None:
    whole = Clip(clips[2].path, 0.0, 6.0 + ROUNDING_S)
    for beside in ([], [Clip(clips[2].path, 0.0, 3.0)]):
        found = {outcome.index: outcome for outcome in label_clips([whole, *beside], Labeller("energy"))}
        assert found[0].problem is None and found[0].speech


def test_both_keeps_clicks_out_that_energy_lets_in(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(16000, np.float32), read(RECORDING, sample_rate=16000)])
    samples += np.random.default_rng(0).normal(0, 1e-4, len(samples)).astype(np.float32)
    samples[4000:6000] += np.random.default_rng(1).normal(0, 0.2, 2000).astype(np.float32)
    path = tmp_path / "knock.wav"
    soundfile.write(path, samples, 16000)
    clip = [Clip(path, 0.0, len(samples) / 16000)]
    found = {method: next(iter(label_clips(clip, Labeller(method)))).speech for method in ("energy", "both")}
    assert found["energy"] is not None and found["both"] is not None
    assert found["energy"].crop(0.2, 0.4).speech_s > 0.1 and found["both"].crop(0.0, 0.9).speech_s == 0
    shared = found["both"].intersection(found["energy"]).speech_s
    assert shared > 0.95 * found["both"].speech_s


def test_both_hears_words_that_are_cut_out_without_any_silence(tmp_path: Path) -> None:
    recording = read(RECORDING, sample_rate=16000)
    words = [word for word in energy_segments(recording, 16000) if word.duration > 0.2]
    clips = []
    for number, word in enumerate(words):
        path = tmp_path / f"{number}.wav"
        middle = int(16000 * (word.start + word.end) / 2)
        soundfile.write(path, recording[middle - 1600 : middle + 1600], 16000)
        clips.append(Clip(path, 0.0, 0.2))
    found = [outcome.speech for outcome in label_clips(clips, Labeller("both"))]
    assert len(found) > 5
    assert sum(speech.speech_s for speech in found if speech is not None) > 0.6 * 0.2 * len(found)


def test_labels_of_people_stay() -> None:
    assert wanted(ROW, again=False)
    people = dataclasses.replace(ROW, speech=Timeline(), label_source="reference")
    machine = dataclasses.replace(ROW, speech=Timeline(), label_source="energy")
    assert not wanted(people, again=True)
    assert wanted(machine, again=True) and not wanted(machine, again=False)
    assert not wanted(dataclasses.replace(ROW, kind="noise"), again=True)


def test_every_method_has_a_label_source() -> None:
    assert set(METHODS.values()) <= set(LABEL_SOURCES)
