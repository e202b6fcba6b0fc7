"""Makes recording.wav and recording.csv: two voices in a room with a fan and a keyboard, and where they speak.

    python examples/make_recording.py

Needs espeak-ng. The same version of espeak-ng gives the same samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from synthesis import NOISES, RATE, clean_segments, speak

from vad.formats import Entry, write_labels

SNR_DB = 12.0
LENGTH_S = 14.0
# Pause before the line in seconds, voice, pitch, speed, line.
LINES = (
    (1.0, "en-us+m3", 42, 160, "Good morning. Did the parcel arrive yesterday?"),
    (0.6, "en-gb+f3", 60, 150, "It did, thank you."),
    (1.8, "en-gb+f3", 60, 150, "I put it on your desk, next to the window."),
    (0.4, "en-us+m3", 42, 165, "Perfect. I will open it after lunch."),
)


def main() -> None:
    here = Path(__file__).parent
    clean = np.zeros(int(LENGTH_S * RATE), np.float32)
    position = 0
    for pause_s, voice, pitch, speed, line in LINES:
        position += int(pause_s * RATE)
        spoken = speak(line, voice, pitch=pitch, speed=speed)
        clean[position : position + len(spoken)] = spoken
        position += len(spoken)
    speech = clean_segments(clean)
    rng = np.random.default_rng(2024)
    fan, keys = NOISES["fan"](rng, len(clean)), NOISES["clicks"](rng, len(clean))
    noise = fan / np.sqrt(np.mean(fan**2)) + 0.7 * keys / np.sqrt(np.mean(keys**2))
    voiced = np.concatenate([clean[int(s.start * RATE) : int(s.end * RATE)] for s in speech])
    gain = np.sqrt(np.mean(voiced**2) / np.mean(noise**2)) * 10 ** (-SNR_DB / 20)
    mixed = clean + gain * noise
    soundfile.write(here / "recording.wav", 0.9 * mixed / np.abs(mixed).max(), RATE, subtype="PCM_16")
    write_labels(here / "recording.csv", [Entry("recording.wav", speech)])


if __name__ == "__main__":
    main()
