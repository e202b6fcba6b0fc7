"""What a picture is made of agrees with what the other rooms say."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from vad.audio import read
from vad.detector import Detector
from vad.errors import AudioError, ConfigError
from vad.features.streaming import StreamingLogMel
from vad.pictures import Detail, Source, look
from vad.pictures.page import save_page
from vad.segments import Timeline


@pytest.fixture(scope="module")
def detector(energy_artifact: Path) -> Detector:
    return Detector(energy_artifact)


def test_it_holds_what_the_detector_finds(detector: Detector, bursts: Path) -> None:
    view = look(Source(bursts), detector)
    assert view.segments == detector.detect(bursts)
    np.testing.assert_array_equal(view.posteriors, detector.posteriors(bursts).values)
    assert (view.name, view.start_s, view.end_s, view.duration_s) == ("bursts.wav", 0, 8, 8)
    assert view.reference is None
    assert view.misses == view.false_alarms == Timeline()


def test_its_log_mel_is_the_front_ends(detector: Detector, bursts: Path) -> None:
    view = look(Source(bursts), detector, detail=Detail(mel_columns=10000))
    whole = StreamingLogMel(detector.metadata.features).push(read(bursts))
    np.testing.assert_allclose(view.mel, whole, atol=1e-5)
    part = look(Source(bursts), detector, span=(1.0, 3.0), detail=Detail(mel_columns=10000))
    first = round((part.mel_start_s * 16000 - 176) / 160)
    np.testing.assert_allclose(part.mel, whole[first : first + len(part.mel)], atol=1e-5)
    assert part.mel_start_s <= 1.0
    assert part.mel_start_s + part.mel_column_s * len(part.mel) >= 3.0 - 0.01


def test_a_part_looks_as_it_does_in_the_whole(detector: Detector, bursts: Path) -> None:
    whole, part = look(Source(bursts), detector), look(Source(bursts), detector, span=(2.5, 100))
    assert part.segments == whole.segments
    assert (part.start_s, part.end_s) == (2.5, 8)
    samples = read(bursts)[40000:]
    bins = round(part.wave_bin_s * 16000)
    assert tuple(part.wave[7]) == (samples[7 * bins : 8 * bins].min(), samples[7 * bins : 8 * bins].max())


def test_a_cut_of_a_file_is_a_recording_of_its_own(detector: Detector, bursts: Path) -> None:
    view = look(Source(bursts, name="cut", offset_s=2.0, duration_s=2.5), detector)
    assert (view.name, view.duration_s) == ("cut", 2.5)
    assert view.segments == detector.detect(read(bursts, offset_s=2.0, duration_s=2.5))


def test_misses_and_false_alarms_are_the_differences(detector: Detector, bursts: Path) -> None:
    reference = Timeline.from_pairs([(0.5, 1.2), (4.5, 5.0), (7.9, 12.0)])
    view = look(Source(bursts), detector, reference=reference)
    assert view.reference == reference.crop(0, 8)
    assert view.misses == reference.crop(0, 8).difference(view.segments)
    assert view.false_alarms == view.segments.difference(reference)


def test_an_hour_is_no_larger_than_a_minute(detector: Detector, tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / "long.wav"
    rng = np.random.default_rng(0)
    soundfile.write(path, 0.01 * rng.standard_normal(16000 * 60), 16000)
    view = look(Source(path), detector, detail=Detail(wave_bins=100, mel_columns=50))
    assert len(view.wave) <= 200
    assert len(view.mel) <= 100
    assert view.wave_bin_s * len(view.wave) == pytest.approx(60, rel=0.02)


@pytest.mark.parametrize("span", [(-1, None), (3, 3), (3, 2), (float("nan"), None)])
def test_an_empty_part_is_refused(detector: Detector, bursts: Path, span: tuple) -> None:
    with pytest.raises(ConfigError, match="part shown"):
        look(Source(bursts), detector, span=span)


def test_a_part_beyond_the_end_and_no_recording(detector: Detector, bursts: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ends at 8 s"):
        look(Source(bursts), detector, span=(9, None))
    with pytest.raises(AudioError, match=r"gone\.wav"):
        look(Source(tmp_path / "gone.wav"), detector)


def test_a_name_that_no_file_takes_is_escaped(detector: Detector, bursts: Path, tmp_path: Path) -> None:
    """A name of bytes that are no UTF-8, and of a control character, which SVG does not take."""
    path = tmp_path / os.fsdecode(b"\xff\x01 \xe3\x80\x80\xc3\xbc.wav")
    shutil.copy(bursts, path)
    view = look(Source(path), detector)
    assert view.name == "\\udcff\\x01 \u3000\xfc.wav"
    save_page(view, tmp_path / "page.html", sound=None, model_rule=detector.rule)
    assert "\\udcff\\x01" in (tmp_path / "page.html").read_text(encoding="utf-8")
