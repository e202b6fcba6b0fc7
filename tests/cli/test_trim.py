"""`vad trim`: the speech alone, sample for sample, and a map that leads back."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from vad.cli import main
from vad.detector import Detector
from vad.timemap import read_time_map


@pytest.fixture
def trim(energy_artifact, corpus, monkeypatch):
    monkeypatch.chdir(corpus)

    def run(*arguments: str, **settings) -> Result:
        return CliRunner().invoke(main, ["trim", "-m", str(energy_artifact), *arguments], **settings)

    return run


@pytest.mark.parametrize("name", ["a.wav", "deep/b.flac"])
@pytest.mark.parametrize("keep_s", [0.0, 0.1, 2.0])
def test_what_is_left_is_the_speech(trim, corpus, energy_artifact, tmp_path, name, keep_s):
    out = tmp_path / f"out{name[-5:]}"
    done = trim(name, "-o", str(out), "--keep-silence", str(keep_s))
    assert (done.exit_code, done.stdout) == (0, "")
    whole, rate = soundfile.read(corpus / name, dtype="int32")
    times = read_time_map(f"{out}.json")
    assert (times.sample_rate, times.n_samples) == (rate, len(whole))
    found, _ = soundfile.read(out, dtype="int32")
    np.testing.assert_array_equal(found, np.concatenate([whole[start:stop] for start, stop in times.pieces]))
    original, copy = soundfile.info(corpus / name), soundfile.info(out)
    assert (copy.format, copy.subtype, copy.channels) == (original.format, original.subtype, original.channels)
    speech = list(Detector(energy_artifact).detect(corpus / name))
    if keep_s == 2:
        assert len(times.pieces) == 1
    else:
        for (start, stop), segment in zip(times.pieces, speech, strict=True):
            assert start / rate == pytest.approx(segment.start - keep_s / 2, abs=1 / rate)
            assert stop / rate == pytest.approx(min(segment.end + keep_s / 2, len(whole) / rate), abs=1 / rate)
    for sample in (0, len(found) // 2, len(found) - 1):
        at = round(times.to_original(sample / rate) * rate)
        np.testing.assert_array_equal(found[sample], whole[at])


def test_a_pipe_is_trimmed(trim, corpus, tmp_path):
    done = trim("-", "-o", str(tmp_path / "a.wav"), "--map", str(tmp_path / "m"), input=(corpus / "a.wav").read_bytes())
    assert done.exit_code == 0
    assert trim("a.wav", "-o", str(tmp_path / "b.wav")).exit_code == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert read_time_map(tmp_path / "m") == read_time_map(tmp_path / "b.wav.json")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["a.wav", "-o", "{}/a.flac"], 2, "the format is the recording's; name it"),
        (["a.wav", "-o", "deep/../a.wav"], 2, "is the recording itself"),
        (["a.wav", "-o", "{}/a.wav", "--map", "a.wav"], 2, "--map a.wav is the recording itself"),
        (["a.wav", "-o", "{}/a.wav", "--map", "{}/a.wav"], 2, "--output and --map would both write {}/a.wav"),
        (["a.wav", "-o", "-"], 2, "must be a file"),
        (["a.wav", "-o", "{}"], 2, "must be a file"),
        (["deep", "-o", "{}/a.wav"], 2, "trim takes one recording"),
        (["a.wav", "-o", "{}/a.wav", "--keep-silence", "-1"], 2, "from 0 up; received -1"),
        (["cut.wav", "-o", "{}/a.wav"], 1, "vad: cut.wav: truncated"),
        (["quiet.wav", "-o", "{}/a.wav"], 1, "no speech found, {}/a.wav is not written"),
    ],
)
def test_what_cannot_be_trimmed_leaves_nothing(trim, tmp_path, arguments, code, words):
    done = trim(*(argument.format(tmp_path) for argument in arguments))
    assert done.exit_code == code
    assert words.format(tmp_path) in done.stderr
    assert list(tmp_path.iterdir()) == []
