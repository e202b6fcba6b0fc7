"""`vad listen` as it is called: events while the pipe is open, a meter on terminals, a clean end by Ctrl-C."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from vad.cli import main
from vad.detector import Detector
from vad.presets import load_preset
from vad.stream import Misfire, SpeechEnd, SpeechStart

RATE = 16000
START = "from vad.cli import main; main()"


@pytest.fixture(scope="module")
def bursts(tmp_path_factory) -> Path:
    """Faint noise, loud from 1 to 2 s, for 50 ms at 3 s, and from 3.5 to 5 s."""
    path = tmp_path_factory.mktemp("listen") / "bursts.wav"
    samples = np.random.default_rng(1).normal(0, 0.001, 6 * RATE)
    for start, end in ((1.0, 2.0), (3.0, 3.05), (3.5, 5.0)):
        samples[int(start * RATE) : int(end * RATE)] *= 100
    soundfile.write(path, samples, RATE)
    return path


@pytest.fixture(scope="module")
def expected(energy_artifact, bursts):
    """The events under the preset that listening begins with."""
    detector = Detector(energy_artifact)
    rule = load_preset("live").apply(detector.rule)
    return list(detector.stream(rule=rule, keep_audio="segment").events([soundfile.read(bursts)[0]]))


@pytest.fixture
def listen(energy_artifact):
    def run(*arguments: str, **settings):
        return CliRunner().invoke(main, ["listen", "-m", str(energy_artifact), *arguments], **settings)

    return run


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_segments_of_a_pipe(listen, bursts, expected):
    done = listen("-", input=bursts.read_bytes())
    assert (done.exit_code, done.stderr) == (0, "")
    ends = [event for event in expected if isinstance(event, SpeechEnd)]
    assert [tuple(map(float, line.split())) for line in done.stdout.splitlines()] == [
        (round(event.start, 3), round(event.end, 3)) for event in ends
    ]


def test_events_as_json_lines(listen, bursts, expected):
    done = listen("-", "--events", "jsonl", input=bursts.read_bytes())
    first, *events, last = lines_of(done.stdout)
    names = {"speech_start": SpeechStart, "speech_end": SpeechEnd, "misfire": Misfire}
    assert first["event"] == "listening"
    assert first["rule"]["min_silence_s"] == load_preset("live").fields["min_silence_s"]
    assert last == {"event": "done", "duration": 6.0, "segments": 2}
    assert len(events) == len(expected)
    for told, event in zip(events, expected, strict=True):
        assert isinstance(event, names[told.pop("event")])
        assert told == {name: round(getattr(event, name), 6) for name in told}


def test_posteriors_as_json_lines(listen, bursts, energy_artifact):
    done = listen("-", "--events", "jsonl", "--posteriors", input=bursts.read_bytes())
    rows = [row for row in lines_of(done.stdout) if row["event"] == "posteriors"]
    whole = Detector(energy_artifact).posteriors(bursts)
    np.testing.assert_allclose(np.concatenate([row["values"] for row in rows]), whole.values, atol=1e-4)
    times = np.concatenate([row["time"] + row["hop"] * np.arange(len(row["values"])) for row in rows])
    np.testing.assert_allclose(times, whole.times, atol=1e-6)


def test_segments_are_saved_and_none_is_overwritten(listen, bursts, expected, tmp_path):
    folder = tmp_path / "new" / "segments"
    for _ in range(2):
        assert listen("-", "--save", str(folder), input=bursts.read_bytes()).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [f"speech-000{n}.wav" for n in (1, 2, 3, 4)]
    ends = [event for event in expected if isinstance(event, SpeechEnd)]
    for name, event in (("speech-0003.wav", ends[0]), ("speech-0004.wav", ends[1])):
        saved, rate = soundfile.read(folder / name)
        assert rate == RATE
        np.testing.assert_allclose(saved, event.audio, atol=1 / 32000)


def test_a_folder_that_cannot_be_made_is_said_at_the_start(listen, tmp_path):
    (tmp_path / "file").touch()
    done = listen("-", "--save", str(tmp_path / "file" / "x"), input=b"")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"vad: cannot write {tmp_path}/file/x/speech-0001.wav: Not a directory\n"


def test_a_segment_that_cannot_be_saved_is_told(listen, bursts, expected, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("vad.cli.listen.check_writable", lambda _: None)
    folder = tmp_path / "file" / "x"
    done = listen("-", "--events", "jsonl", "--save", str(folder), input=bursts.read_bytes())
    assert done.exit_code == 1
    ends = [line for line in lines_of(done.stdout) if line["event"] == "speech_end"]
    assert len(ends) == lines_of(done.stdout)[-1]["segments"] == 1
    assert "file" not in ends[0]
    assert done.stderr == f"vad: cannot write {folder}/speech-0001.wav: Not a directory\n"


def test_raw_samples(listen, bursts):
    samples = soundfile.read(bursts, dtype="int16")[0]
    stereo = np.stack([samples, 0 * samples], axis=1).tobytes()
    wanted = listen("-", input=bursts.read_bytes()).stdout
    assert listen("-", "--raw-rate", "16000", input=samples.tobytes()).stdout == wanted
    done = listen("-", "--raw-rate", "16000", "--raw-channels", "2", "--channel", "0", input=stereo)
    assert done.stdout == wanted


@pytest.mark.parametrize(
    ("arguments", "given", "code", "message"),
    [
        (["-", "--posteriors"], b"", 2, "give --events jsonl too"),
        (["-", "--device", "0"], b"", 2, "--device chooses a microphone"),
        (["--raw-rate", "16000"], b"", 2, "give - as the source"),
        (["-", "--preset", "lives"], b"", 2, "did you mean 'live'"),
        (["-"], b"", 1, "empty, 0 bytes"),
        (["missing.wav"], b"", 1, "missing.wav: cannot be opened"),
    ],
)
def test_what_cannot_act_is_refused(listen, arguments, given, code, message):
    done = listen(*arguments, input=given)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr


def test_what_is_neither_wav_nor_described_is_refused_while_the_pipe_is_open(energy_artifact):
    process = start(energy_artifact, "-")
    process.stdin.write(bytes(64))
    process.stdin.flush()
    assert process.wait(timeout=60) == 2
    assert b"give --raw-rate" in process.stderr.read()
    process.communicate()


def start(energy_artifact, *arguments, **settings) -> subprocess.Popen:
    command = [sys.executable, "-c", START, "listen", "-m", str(energy_artifact), *arguments]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, **{**pipes, **settings})


def test_events_arrive_before_the_pipe_ends(energy_artifact, bursts):
    content = bursts.read_bytes()
    process = start(energy_artifact, "-", "--events", "jsonl")
    process.stdin.write(content[: 44 + 2 * int(1.5 * RATE)])
    process.stdin.flush()
    names = [json.loads(process.stdout.readline())["event"] for _ in range(2)]
    assert names == ["listening", "speech_start"]
    process.stdin.write(content[44 + 2 * int(1.5 * RATE) : 44 + 2 * int(2.7 * RATE)])
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["event"] == "speech_end"
    process.stdin.close()
    # The pipe ended before what its header promises: what was heard is told, then what is wrong.
    assert json.loads(process.stdout.read())["event"] == "done"
    assert process.wait() == 1
    assert b"truncated" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child there")
def test_ctrl_c_ends_it_cleanly_and_what_is_being_said_is_told(energy_artifact, bursts):
    process = start(energy_artifact, "-", "--events", "jsonl")
    process.stdin.write(bursts.read_bytes()[: 44 + 2 * int(1.5 * RATE)])
    process.stdin.flush()
    assert [json.loads(process.stdout.readline())["event"] for _ in range(2)] == ["listening", "speech_start"]
    process.send_signal(signal.SIGINT)
    rest = lines_of(process.stdout.read().decode())
    assert [row["event"] for row in rest] == ["speech_end", "done"]
    assert process.wait() == 0
    assert process.stderr.read() == b""
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_a_terminal_shows_a_meter_and_standard_output_stays_clean(energy_artifact, bursts):
    import pty

    ours, theirs = pty.openpty()
    process = start(energy_artifact, "-", stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "110"})
    os.close(theirs)
    content, shown = bursts.read_bytes(), b""
    for at in range(0, len(content), 16000):
        process.stdin.write(content[at : at + 16000])
        process.stdin.flush()
        time.sleep(0.1)
    process.stdin.close()
    while select.select([ours], [], [], 10)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert len(process.stdout.read().splitlines()) == 2
    process.stdout.close()
    assert process.wait() == 0
    text = shown.decode()
    assert "level" in text
    assert "● speech" in text
    assert "○ silence" in text
    assert "\n" not in text
    assert text.endswith("\r\x1b[2K")


def fake_sounddevice(samples: np.ndarray, overflow: bool = False) -> types.ModuleType:
    """A sounddevice whose microphone says the samples at once and then presses Ctrl-C."""
    module = types.ModuleType("sounddevice")
    row = {"name": "Fake: mic", "max_input_channels": 2, "default_samplerate": 48000.0}
    speaker = {"name": "Speaker", "max_input_channels": 0, "default_samplerate": 48000.0}
    module.query_devices = lambda: [speaker, row]
    module.default = types.SimpleNamespace(device=(1, 0))
    module.PortAudioError = type("PortAudioError", (Exception,), {})

    class InputStream:
        def __init__(self, *, callback, blocksize, samplerate, channels, device, dtype):
            assert (samplerate, channels, device, dtype) == (48000, 2, 1, "float32")
            self.callback, self.blocksize = callback, blocksize

        def __enter__(self):
            status = types.SimpleNamespace(input_overflow=overflow)
            for at in range(0, len(samples), self.blocksize):
                block = np.stack([samples[at : at + self.blocksize]] * 2, axis=1).astype(np.float32)
                self.callback(block, len(block), None, status)
            signal.setitimer(signal.ITIMER_REAL, 1.0)
            return self

        def __exit__(self, *_):
            pass

    module.InputStream = InputStream
    return module


@pytest.mark.skipif(sys.platform == "win32", reason="no interval timers there")
@pytest.mark.parametrize("overflow", [False, True])
def test_a_microphone(listen, bursts, monkeypatch, overflow):
    samples = np.repeat(soundfile.read(bursts)[0], 3)
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice(samples, overflow))
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        done = listen("--events", "jsonl", "--device", "fake")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert done.exit_code == 0
    assert done.stderr.count("has lost audio") == overflow
    rows = lines_of(done.stdout)
    assert rows[0]["source"] == "microphone"
    assert [row["event"] for row in rows].count("speech_end") == 2


def test_devices_are_listed(listen, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice(np.zeros(0)))
    done = listen("--list-devices")
    assert (done.exit_code, done.stdout) == (0, "*   1  Fake: mic  2 channels  48000 Hz\n")
    done = listen("--device", "fake mic")
    assert done.exit_code == 2
    assert "did you mean 'Fake: mic'" in done.stderr


def test_without_sounddevice_the_install_line_is_given(listen, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = listen()
    assert done.exit_code == 1
    assert "pip install 'lstm-vad[mic]'" in done.stderr
