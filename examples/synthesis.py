"""Voices, noises and rooms made by rule: what the example recording and the tiny corpus are built from.

Voices come from espeak-ng, everything else from a seeded generator. All signals are mono float32 at 16 kHz.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vad.audio import read
from vad.segments import Segment, Timeline

RATE = 16000
Samples = NDArray[np.float32]
Generator = np.random.Generator


def speak(text: str, voice: str, *, pitch: int = 50, speed: int = 160) -> Samples:
    """Returns a text as espeak-ng speaks it, without the silence around it, at a peak of 0.5.

    Args:
        text: what to say, in the language of the voice.
        voice: name of a voice with a variant, such as ``"en-gb+f3"``.
        pitch: 0 to 99.
        speed: words a minute.
    """
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is needed and not installed: apt install espeak-ng, or brew install espeak-ng")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "voice.wav")
        options = ["-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path)]
        subprocess.run(["espeak-ng", *options, "--stdin"], input=text.encode(), check=True)
        samples = read(path, sample_rate=RATE)
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1] + 1]
    return (samples * (0.5 / np.abs(samples).max())).astype(np.float32)


def clean_segments(samples: Samples, *, threshold_db: float = -45.0, pause_s: float = 0.25) -> Timeline:
    """Returns where a clean signal speaks: 10 ms frames near its loudest, pauses up to `pause_s` filled."""
    hop = RATE // 100
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    power = np.mean(frames**2, axis=1)
    active = power > power.max() * 10 ** (threshold_db / 10)
    runs: list[tuple[int, int]] = []
    for t in np.flatnonzero(active):
        if runs and t - runs[-1][1] <= pause_s * RATE / hop:
            runs[-1] = (runs[-1][0], t + 1)
        else:
            runs.append((t, t + 1))
    return Timeline(Segment(first * hop / RATE, stop * hop / RATE) for first, stop in runs)


def _times(n: int) -> NDArray[np.float64]:
    return np.arange(n) / RATE


def _shaped(rng: Generator, n: int, gain: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    """White noise with the gain that a function gives for each frequency in Hz, at unit power."""
    spectrum = np.fft.rfft(rng.normal(size=n)) * gain(np.fft.rfftfreq(n, 1 / RATE))
    noise = np.fft.irfft(spectrum, n)
    return noise / np.sqrt(np.mean(noise**2))


def _coloured(rng: Generator, n: int, slope: float) -> NDArray[np.float64]:
    return _shaped(rng, n, lambda f: np.where(f < 20, 0.0, np.maximum(f, 20) ** -slope))


def _band(rng: Generator, n: int, low: float, high: float) -> NDArray[np.float64]:
    return _shaped(rng, n, lambda f: np.exp(-np.maximum(low - f, 0) / 100) * np.exp(-np.maximum(f - high, 0) / 400))


def _wander(rng: Generator, n: int, rate_hz: float) -> NDArray[np.float64]:
    """A slow curve of unit power that moves about `rate_hz` times a second."""
    knots = rng.normal(size=max(4, int(n / RATE * rate_hz) + 3))
    return np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots)


def _events(rng: Generator, n: int, per_s: float, make: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Sounds that fall at random, `per_s` a second."""
    track = np.zeros(n)
    for start in rng.integers(0, n, max(1, int(per_s * n / RATE))):
        event = make()[: n - start]
        track[start : start + len(event)] += event
    return track


def _tone(rng: Generator, seconds: float, hz: float, *, decay_s: float, overtones: int = 1) -> NDArray[np.float64]:
    t = _times(max(1, int(seconds * RATE)))
    wave = sum(np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) / k for k in range(1, overtones + 1))
    return wave * np.exp(-t / decay_s) * np.minimum(1, t / 0.003)


def hum(rng: Generator, n: int) -> NDArray[np.float64]:
    """Mains: harmonics of 50 or 60 Hz over a hiss."""
    hz = rng.choice([50.0, 60.0])
    tone = sum(np.sin(2 * np.pi * hz * k * _times(n)) * rng.uniform(0.2, 1) / k for k in range(1, 12))
    return tone + 0.1 * rng.normal(size=n)


def fan(rng: Generator, n: int) -> NDArray[np.float64]:
    """A ventilator: low air noise that beats with the blades."""
    blades = rng.uniform(8, 40)
    beat = 1 + 0.3 * np.sin(2 * np.pi * blades * _times(n))
    return beat * _coloured(rng, n, rng.uniform(0.6, 1.1)) + 0.3 * np.sin(2 * np.pi * blades * 4 * _times(n))


def clicks(rng: Generator, n: int) -> NDArray[np.float64]:
    """Keys and switches."""

    def click() -> NDArray[np.float64]:
        body = _tone(rng, 0.05, rng.uniform(800, 5000), decay_s=rng.uniform(0.002, 0.008), overtones=3)
        return rng.uniform(0.2, 1) * body

    return _events(rng, n, rng.uniform(3, 9), click) + 0.005 * rng.normal(size=n)


def chirps(rng: Generator, n: int) -> NDArray[np.float64]:
    """Birds: short sweeps in groups."""

    def chirp() -> NDArray[np.float64]:
        t = _times(int(rng.uniform(0.05, 0.25) * RATE))
        low, width = rng.uniform(1800, 4500), rng.uniform(-1500, 2500)
        sweep = np.sin(2 * np.pi * (low * t + width * t**2 / (2 * t[-1])) + 3 * np.sin(2 * np.pi * 25 * t))
        return rng.uniform(0.3, 1) * sweep * np.sin(np.pi * t / t[-1])

    return _events(rng, n, rng.uniform(1.5, 4), chirp) + 0.02 * _coloured(rng, n, 0.5)


def rain(rng: Generator, n: int) -> NDArray[np.float64]:
    """Many small drops over a broad hiss."""
    drops = np.zeros(n)
    hits = rng.integers(0, n, int(n / RATE * rng.uniform(200, 900)))
    drops[hits] = rng.exponential(1.0, len(hits))
    ring = _tone(rng, 0.01, rng.uniform(2000, 5000), decay_s=0.002)
    return np.convolve(drops, ring)[:n] + 0.2 * _band(rng, n, 1000, 7000)


def engine(rng: Generator, n: int) -> NDArray[np.float64]:
    """A motor whose speed wanders."""
    hz = rng.uniform(18, 60) * (1 + 0.15 * _wander(rng, n, 0.5))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    tone = sum(np.sin(k * phase + rng.uniform(0, 6)) * rng.uniform(0.2, 1) / k**0.7 for k in range(1, 30))
    return tone + 0.5 * (1 + np.sin(phase)) * _coloured(rng, n, 0.7)


def syllables(rng: Generator, n: int) -> NDArray[np.float64]:
    """Band noise that swells at the pace of syllables, and is none."""
    swell = np.maximum(0, np.sin(2 * np.pi * np.cumsum(rng.uniform(2, 7) * (1 + 0.3 * _wander(rng, n, 2))) / RATE))
    return swell * _band(rng, n, rng.uniform(150, 600), rng.uniform(1500, 4000))


def beeps(rng: Generator, n: int) -> NDArray[np.float64]:
    """Appliances and phones."""
    period, hz = rng.uniform(0.3, 1.5), rng.uniform(400, 3000, 2)
    on = (_times(n) % period) < period * rng.uniform(0.2, 0.6)
    return on * sum(np.sin(2 * np.pi * f * _times(n)) for f in hz) + 0.005 * rng.normal(size=n)


def siren(rng: Generator, n: int) -> NDArray[np.float64]:
    """A tone that goes up and down."""
    hz = 900 + 400 * np.sin(2 * np.pi * rng.uniform(0.2, 4) * _times(n))
    phase = 2 * np.pi * np.cumsum(hz * rng.uniform(0.6, 1.4)) / RATE
    return np.sin(phase) + 0.3 * np.sin(3 * phase) + 0.05 * _coloured(rng, n, 0.8)


def knocks(rng: Generator, n: int) -> NDArray[np.float64]:
    """Steps and things put down."""

    def knock() -> NDArray[np.float64]:
        body = _tone(rng, 0.2, rng.uniform(60, 300), decay_s=rng.uniform(0.01, 0.05), overtones=4)
        return rng.uniform(0.3, 1) * (body + 0.3 * rng.normal(size=len(body)) * np.exp(-np.arange(len(body)) / 150))

    return _events(rng, n, rng.uniform(1, 3), knock) + 0.003 * _coloured(rng, n, 0.7)


def wind(rng: Generator, n: int) -> NDArray[np.float64]:
    """Gusts."""
    return np.exp(0.8 * _wander(rng, n, 1.0)) * _coloured(rng, n, rng.uniform(0.9, 1.4))


def bubbles(rng: Generator, n: int) -> NDArray[np.float64]:
    """Water: short tones that rise."""

    def bubble() -> NDArray[np.float64]:
        t = _times(int(rng.uniform(0.02, 0.08) * RATE))
        low = rng.uniform(300, 1500)
        return rng.uniform(0.2, 1) * np.sin(2 * np.pi * low * (t + 6 * t**2)) * np.exp(-t / 0.02)

    return _events(rng, n, rng.uniform(20, 60), bubble) + 0.05 * _coloured(rng, n, 0.5)


def _scale(rng: Generator) -> NDArray[np.float64]:
    """Two octaves of a major or minor scale, in Hz."""
    steps = np.array([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10]][int(rng.integers(2))])
    return rng.uniform(110, 260) * 2 ** (np.concatenate([steps, steps + 12]) / 12)


def chords(rng: Generator, n: int) -> NDArray[np.float64]:
    """Triads, held."""
    scale, track, beat = _scale(rng), np.zeros(n), rng.uniform(0.7, 1.5)
    for number in range(int(n / RATE / beat) + 1):
        root, start = int(rng.integers(0, 7)), int(number * beat * RATE)
        for step in (0, 2, 4):
            note = _tone(rng, beat * 1.2, scale[root + step], decay_s=1.0, overtones=6)[: max(0, n - start)]
            track[start : start + len(note)] += note
    return track


def arpeggios(rng: Generator, n: int) -> NDArray[np.float64]:
    """Plucked notes, one after the other."""
    scale, track, beat = _scale(rng), np.zeros(n), rng.uniform(0.12, 0.3)
    pattern = rng.integers(0, len(scale), 8)
    for number in range(int(n / RATE / beat) + 1):
        start = int(number * beat * RATE)
        note = _tone(rng, 0.6, scale[pattern[number % 8]], decay_s=0.2, overtones=8)[: max(0, n - start)]
        track[start : start + len(note)] += note
    return track


def percussion(rng: Generator, n: int) -> NDArray[np.float64]:
    """A drum pattern: kick, snare, hat."""
    track, beat = np.zeros(n), rng.uniform(0.13, 0.2)
    pattern = rng.integers(0, 4, 16)
    for number in range(int(n / RATE / beat) + 1):
        start, kind = int(number * beat * RATE), pattern[number % 16]
        noise = rng.normal(size=int(0.15 * RATE))
        fall = np.exp(-np.arange(len(noise)) / RATE / (0.02, 0.05, 0.08, 0.01)[kind])
        hit = _tone(rng, 0.15, 60, decay_s=0.06) if kind == 0 else noise * fall * (0.2 if kind == 3 else 0.6)
        hit = hit[: max(0, n - start)]
        track[start : start + len(hit)] += hit
    return track


def melody(rng: Generator, n: int) -> NDArray[np.float64]:
    """A bowed line with vibrato: harmonic and gliding, as voices are."""
    scale = _scale(rng) * 1.5
    steps = scale[rng.integers(0, len(scale), int(n / RATE / 0.4) + 2)]
    hz = np.interp(_times(n) / 0.4, np.arange(len(steps)) + 0.2 * (np.arange(len(steps)) % 2), steps)
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.008 * np.sin(2 * np.pi * 5.5 * _times(n)))) / RATE
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 0.6 * _times(n))
    return swell * sum(np.sin(k * phase) / k for k in range(1, 12))


NOISES: dict[str, Callable[[Generator, int], NDArray[np.float64]]] = {
    "white": lambda rng, n: rng.normal(size=n),
    "pink": lambda rng, n: _coloured(rng, n, 0.5),
    "brown": lambda rng, n: _coloured(rng, n, 1.0),
    "hum": hum,
    "fan": fan,
    "clicks": clicks,
    "chirps": chirps,
    "rain": rain,
    "engine": engine,
    "syllables": syllables,
    "beeps": beeps,
    "siren": siren,
    "knocks": knocks,
    "wind": wind,
    "bubbles": bubbles,
}
"""Noises by name: from a generator and a number of samples."""

MUSIC: dict[str, Callable[[Generator, int], NDArray[np.float64]]] = {
    "chords": chords,
    "arpeggios": arpeggios,
    "percussion": percussion,
    "melody": melody,
}
"""Music by name: from a generator and a number of samples."""


def to_peak(samples: NDArray[np.float64], peak: float = 0.5) -> Samples:
    """Returns a signal scaled to a peak, as float32."""
    return (samples * (peak / np.abs(samples).max())).astype(np.float32)


def room(rng: Generator, reverberation_s: float) -> Samples:
    """Returns the impulse response of a made-up room.

    Args:
        rng: draws reflections and tail.
        reverberation_s: time in which the tail falls by 60 dB.
    """
    n = int(reverberation_s * RATE * 0.8) + RATE // 20
    t = _times(n)
    tail = _band(rng, n, 100, rng.uniform(3000, 7000)) * 10 ** (-3 * t / reverberation_s)
    tail[: RATE // 100] = 0
    response = rng.uniform(0.05, 0.2) * tail
    response[0] = 1.0
    for delay_s in rng.uniform(0.002, 0.03, 8):
        response[int(delay_s * RATE)] += rng.uniform(-0.6, 0.6) * np.exp(-delay_s / 0.02)
    return to_peak(response, 0.9)
