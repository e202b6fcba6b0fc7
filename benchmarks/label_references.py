"""Speech whose boundaries are known, to measure labels on: hand labels of people, and a synthesizer's own times.

* **hand**: the seven sentences of `emu-demo`, whose phones were labelled by hand.
* **spoken**: sentences of espeak-ng, which tells at which sample each phone begins; pauses are its own, at commas and
  full stops. Exact, in many languages, but a machine's voice.
* **turns**: the meetings of `ami-excerpts`. Turns are labelled, not the pauses in them: only their ends mean anything.

The first two come as they are, over a silent or nearly silent background, and with noise added: recordings that
people bring have floors 20 to 60 dB below the speech, and labels by energy depend on it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vad.audio import Resampler, read
from vad.manifests import read_manifest, resolve
from vad.segments import Segment, Timeline

HERE = Path(__file__).resolve().parent
RATE = 16000
# What the sentences of the hand-labelled recordings say, in the order of their names; for forced alignment.
HAND_TEXTS = (
    "amongst her friends she was considered beautiful",
    "it is futile to offer any further resistance",
    "the chill wind caused them to shiver violently",
    "he emphasized his strengths while concealing his weaknesses",
    "itches are always so tempting to scratch",
    "i'll hedge my bets and take no risks",
    "this new display attracts more customers than ever",
)
VARIANTS = ("f2", "m3", "f5", "m1")
_SYNTHESIZE_ONLY, _PHONE_EVENTS, _UTF8 = 1, 1, 1
_END, _PHONE = 0, 7
_SHORTEST_S = 0.03  # shorter gaps between phones are the synthesizer's joints

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """A recording whose speech is known.

    Attributes:
        name: of it.
        samples: float32 at 16 kHz.
        speech: where phones are.
        text: what is said in English words, or None.
    """

    name: str
    samples: Samples
    speech: Timeline
    text: str | None = None


def labelled_takes(source: str, home: Path) -> list[Take]:
    """Returns the recordings of a hand-labelled source; none where its audio is not there."""
    rows = sorted(read_manifest(HERE.parent / "data_manifests" / f"{source}.jsonl.gz"), key=lambda row: row.id)
    texts = HAND_TEXTS if source == "emu-demo" else (None,) * len(rows)
    takes = []
    for row, text in zip(rows, texts, strict=True):
        clip = resolve(row, home)
        if clip is not None and row.speech is not None:
            samples = read(clip.path, sample_rate=RATE, offset_s=clip.offset_s, duration_s=clip.duration_s)
            takes.append(Take(row.id, samples, row.speech, text))
    return takes


def spoken_takes() -> list[Take]:
    """Returns the sentences of the tiny corpus, two and two, as espeak-ng speaks them."""
    sys.path.insert(0, str(HERE.parent / "examples"))
    from sentences import DEV, TRAIN  # type: ignore[import-not-found]

    voice = _Synthesizer()
    takes = []
    for number, (language, sentences) in enumerate({**TRAIN, **DEV}.items()):
        pairs = zip(sentences[::2], sentences[1::2], strict=False)
        for turn, pair in enumerate(pairs):
            name = f"{'en-us' if language == 'en' else language}+{VARIANTS[(number + turn) % len(VARIANTS)]}"
            samples, speech = voice.speak(" ".join(pair), name)
            takes.append(Take(f"{name}/{turn}", samples, speech, " ".join(pair) if language == "en" else None))
    return takes


def with_noise(takes: list[Take], below_db: float | None) -> Iterator[Take]:
    """Yields the recordings over noise (-3 dB an octave) that lies so far below the RMS of their speech."""
    for number, take in enumerate(takes):
        if below_db is None:
            yield take
            continue
        rng = np.random.default_rng(number)
        spectrum = np.fft.rfft(rng.standard_normal(len(take.samples)))
        hertz = np.fft.rfftfreq(len(take.samples), 1 / RATE)
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 50.0)), len(take.samples))
        inside = np.concatenate([take.samples[round(s.start * RATE) : round(s.end * RATE)] for s in take.speech])
        level = np.sqrt(np.mean(np.square(inside, dtype=np.float64))) * 10 ** (-below_db / 20)
        noisy = take.samples + noise * (level / np.sqrt(np.mean(noise**2)))
        yield replace(take, samples=noisy.astype(np.float32))


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Name),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Synthesizer:
    """espeak-ng as a library, which unlike its command tells when each phone begins."""

    def __init__(self) -> None:
        found = ctypes.util.find_library("espeak-ng")
        if found is None:
            sys.exit("espeak-ng is needed and not installed: apt install libespeak-ng1, or brew install espeak-ng")
        self._library = ctypes.CDLL(found)
        self._rate = self._library.espeak_Initialize(_SYNTHESIZE_ONLY, 0, None, _PHONE_EVENTS)
        self._blocks: list[NDArray[np.int16]] = []
        self._phones: list[tuple[int, str]] = []
        self._callback = _Callback(self._hear)  # must outlive the calls
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str) -> tuple[Samples, Timeline]:
        """Returns samples at 16 kHz, half a second of silence around the speech, and where its phones are."""
        self._blocks, self._phones = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            sys.exit(f"espeak-ng has no voice {voice!r}; install all of its voices")
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._blocks).astype(np.float32) / 32768
        resampler = Resampler(self._rate, RATE)
        around = np.zeros(RATE // 2, np.float32)
        parts = [around, resampler.push(samples), resampler.flush(), around]
        return np.concatenate(parts), self._timeline(len(samples)).shift(0.5)

    def _timeline(self, n_samples: int) -> Timeline:
        times = [sample / self._rate for sample, _ in self._phones] + [n_samples / self._rate]
        spans = [
            (start, end)
            for (_, name), start, end in zip(self._phones, times, times[1:], strict=False)
            if not name.startswith("_") and start < end
        ]
        joined: list[list[float]] = []
        for start, end in spans:
            if joined and start - joined[-1][1] < _SHORTEST_S:
                joined[-1][1] = end
            else:
                joined.append([start, end])
        return Timeline(Segment(start, end) for start, end in joined)

    def _hear(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if samples and count:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _END:
            if events[index].type == _PHONE:
                self._phones.append((events[index].sample, events[index].id.string.decode(errors="replace")))
            index += 1
        return 0
