"""Laws that every peer keeps, and the errors of absent ones."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from vad.errors import ConfigError, MissingDependencyError
from vad.peers import PEERS, Engine, EngineOutput, load_peer


def _engine(name: str) -> Engine:
    try:
        return load_peer(name)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def _run(engine: Engine, samples: NDArray[np.float32], chunk: int = 4000) -> EngineOutput:
    stream = engine.start()
    for start in range(0, samples.size, chunk):
        stream.push(samples[start : start + chunk])
    return stream.finish()


@pytest.fixture(scope="module")
def samples() -> NDArray[np.float32]:
    """Quiet noise with a buzz of changing pitch in the middle third."""
    random = np.random.default_rng(0)
    noise = 0.001 * random.standard_normal(48000)
    t = np.arange(16000) / 16000
    buzz = sum(np.sin(2 * np.pi * k * (120 * t + 20 * np.sin(2 * np.pi * 3 * t) / 6)) / k for k in range(1, 20))
    noise[16000:32000] += 0.2 * buzz
    return noise.astype(np.float32)


@pytest.mark.parametrize("name", PEERS)
def test_chunks_do_not_matter_and_recordings_do_not_touch(name: str, samples: NDArray[np.float32]) -> None:
    engine = _engine(name)
    whole, chunked, again = _run(engine, samples, 48000), _run(engine, samples, 777), _run(engine, samples, 48000)
    for other in (chunked, again):
        np.testing.assert_array_equal(whole.values, other.values)
        assert whole.speech == other.speech
    assert whole.values.dtype == np.float32
    assert whole.values.min() >= 0
    assert whole.values.max() <= 1
    assert whole.times.shape == whole.values.shape
    assert (np.diff(whole.times) > 0).all()


@pytest.mark.parametrize("name", PEERS)
def test_silence_and_nothing_at_all_hold_no_speech(name: str) -> None:
    engine = _engine(name)
    for n_samples in (0, 1, 500, 16000):
        output = _run(engine, np.zeros(n_samples, np.float32))
        assert len(output.speech) == 0
        assert output.times.size == output.values.size


@pytest.mark.parametrize("name", PEERS)
def test_full_scale_does_not_wrap(name: str) -> None:
    output = _run(_engine(name), np.tile(np.float32([1.0, -1.0, 1.5, -1.5]), 4000))
    assert np.isfinite(output.values).all()


def test_the_energy_baseline_finds_what_is_louder(samples: NDArray[np.float32]) -> None:
    (segment,) = _run(_engine("energy"), samples).speech
    assert segment.start == pytest.approx(1.0, abs=0.021)
    assert segment.end == pytest.approx(2.0, abs=0.021)


@pytest.mark.parametrize("name", ["webrtc", "silero"])
def test_real_speech_is_found(name: str, repository) -> None:
    import soundfile

    path = repository / "examples" / "recording.wav"
    if not path.is_file():
        pytest.skip("examples/recording.wav is not there")
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == 16000
    assert _run(_engine(name), samples).speech.speech_s > 0.5


def test_a_name_that_nobody_has_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'silero'"):
        load_peer("sillero")


@pytest.mark.parametrize(
    ("name", "missing", "line"),
    [
        ("silero", "silero_vad", "pip install --no-deps silero-vad"),
        ("silero", "onnxruntime", "pip install 'lstm-vad[peers]'"),
        ("webrtc", "webrtcvad", "pip install 'lstm-vad[peers]'"),
    ],
)
def test_what_is_missing_is_named_with_its_install_line(
    name: str, missing: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "silero" and missing != "silero_vad":
        _engine("silero")  # without the model file the runtime is never asked for
    if missing == "silero_vad":
        monkeypatch.setattr("vad.peers.silero.find_spec", lambda _: None)
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingDependencyError) as caught:
        load_peer(name)
    assert str(caught.value).endswith(line)


def test_no_peer_brings_torch_or_its_own_package() -> None:
    code = (
        "import sys, vad.peers as p\n"
        "for n in p.PEERS:\n"
        "    try: p.load_peer(n)\n"
        "    except ImportError: pass\n"
        "print(sorted({'torch', 'silero_vad', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
