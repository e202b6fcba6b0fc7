"""Laws of sounds made into others."""

from __future__ import annotations

import numpy as np

from vad.data.shaping import filtered, played, random_gains, whispered
from vad.data.track import add_at, fade

RATE = 16000
TIME = np.arange(RATE) / RATE


def sine(hertz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * TIME).astype(np.float32)


def loudest(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * RATE / len(samples)


def test_playing_faster_shortens_and_raises() -> None:
    fast = played(sine(440.0), 1.25)
    assert abs(len(fast) - RATE / 1.25) <= 1
    assert abs(loudest(fast) - 550.0) < 5.0
    assert played(sine(440.0), 1.0) is not None and np.array_equal(played(sine(440.0), 1.0), sine(440.0))


def test_a_filter_has_the_gains_asked_for_and_no_delay() -> None:
    flat = filtered(sine(1000.0), np.zeros(8), RATE)
    assert np.allclose(flat[200:-200], sine(1000.0)[200:-200], atol=1e-3)
    slope = np.linspace(0.0, -20.0, 8)
    middle = 20 * np.log10(np.std(filtered(sine(1000.0), slope, RATE)[500:-500]) / np.std(sine(1000.0)))
    asked = np.interp(np.log(1000.0), np.linspace(np.log(60.0), np.log(RATE / 2), 8), slope)
    assert abs(middle - asked) < 1.0


def test_random_gains_span_what_they_may() -> None:
    drawn = np.concatenate([random_gains(24.0, np.random.default_rng(seed)) for seed in range(50)])
    assert drawn.min() < -10.0 and drawn.max() > 10.0 and np.abs(drawn).max() <= 12.0


def test_whispering_takes_the_pitch_and_keeps_the_resonances() -> None:
    rng = np.random.default_rng(0)
    voiced = sum(sine(125.0 * k) * np.exp(-(((125.0 * k - 1500.0) / 400.0) ** 2)) for k in range(1, 40))
    whisper = whispered(voiced.astype(np.float32), RATE, rng)
    assert whisper.shape == voiced.shape and np.isfinite(whisper).all()
    before, after = (np.abs(np.fft.rfft(x[:8192] * np.hanning(8192))) ** 2 for x in (voiced, whisper))
    hertz = np.fft.rfftfreq(8192, 1 / RATE)
    near = (hertz > 1000) & (hertz < 2000)
    assert abs(np.average(hertz, weights=after) - 1500.0) < 300.0 and after[near].sum() > 0.6 * after.sum()
    # The power of a voice lies in its harmonics, that of a whisper everywhere.
    between = near & (np.abs((hertz / 125.0) % 1 - 0.5) < 0.25)
    assert before[between].sum() < 0.05 * before[near].sum() < 0.3 * before[near].sum()
    assert after[between].sum() > 0.3 * after[near].sum()


def test_what_sticks_out_of_a_track_is_cut() -> None:
    track = np.zeros(10, np.float32)
    add_at(track, np.arange(1, 5, dtype=np.float32), -2)
    add_at(track, np.arange(1, 5, dtype=np.float32), 8)
    add_at(track, np.ones(3, np.float32), 20)
    assert track.tolist() == [3, 4, 0, 0, 0, 0, 0, 0, 1, 2]


def test_a_fade_starts_from_silence_and_leaves_the_middle() -> None:
    faded = fade(np.ones(RATE, np.float32), RATE)
    assert faded[0] == 0 and faded[-1] == 0 and np.all(faded[200:-200] == 1)
