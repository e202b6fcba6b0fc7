"""Talkers: utterances laid out in time, with pauses, overlaps, rooms and the noise of their own recordings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from vad.config.data import SpeechConfig
from vad.data.corpus import Pool, SourceClip
from vad.data.shaping import played, whispered
from vad.data.store import AudioStore
from vad.data.track import add_at, fade
from vad.frames import seconds_to_samples
from vad.labels import LabelRule, energy_segments
from vad.segments import Segment, Timeline

REFERENCE_RMS = 0.05
"""Level of a talker at 0 dB."""
_LEAD_S = 0.4
_TONE_LENGTH = 512
_TONE_MARGIN_S = 0.1
_MAX_UNUSABLE = 20
_MID_START_S = 5.0


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech of one clip, ready to be laid out.

    Attributes:
        samples: float32 (n,), speech at `REFERENCE_RMS`.
        speech: its labels in seconds from the first sample; never empty.
    """

    samples: NDArray[np.float32]
    speech: Timeline


@dataclass(slots=True)
class Voice:
    """Everything that one talker says in an excerpt.

    Attributes:
        clips: what the talker's utterances are drawn from.
        gain: level of the talker.
        speed: playback speed.
        whispers: whether the voice is without pitch.
        track: float32 (n_samples,), dry.
        speech: labels in seconds from the excerpt's start, cropped to it.
        tone: filter of the recording's background noise, or None.
    """

    clips: list[SourceClip]
    gain: float
    speed: float
    whispers: bool
    track: NDArray[np.float32]
    speech: list[Segment] = field(default_factory=list)
    tone: NDArray[np.float32] | None = None


class Cast:
    """Draws talkers and lets them speak.

    Args:
        pool: the speech.
        config: how it is laid out.
        rule: how clips without labels are labelled.
        store: reads them.
    """

    def __init__(self, pool: Pool, config: SpeechConfig, rule: LabelRule, store: AudioStore) -> None:
        self._pool = pool
        self._config = config
        self._rule = rule
        self._store = store
        self._rate = store.sample_rate

    def perform(self, n_samples: int, rng: np.random.Generator, *, is_sparse: bool = False) -> list[Voice]:
        """Fills an excerpt with utterances.

        Args:
            n_samples: length of the excerpt.
            rng: decides.
            is_sparse: whether there are no more than short utterances, far apart.

        Returns:
            The talkers, at least one; talkers that come back are the same voice.
        """
        config = self._config
        duration = n_samples / self._rate
        voices = [self._new_voice(n_samples, rng)]
        voice = voices[0]
        time = float(rng.uniform(0.0, duration)) if is_sparse else self._first_start(duration, rng)
        unusable = 0
        while time < duration and unusable < _MAX_UNUSABLE:
            utterance = self._utterance(voice, duration, rng)
            if utterance is not None and is_sparse:
                utterance = piece_of(utterance, float(rng.uniform(*config.sparse_utterance_s)), self._rate, rng)
            if utterance is None:
                unusable += 1
                voices.append(self._new_voice(n_samples, rng))
                voice = voices[-1]
                continue
            end = self._place(voice, utterance, time, rng)
            time = end + float(rng.uniform(*config.sparse_pause_s)) if is_sparse else self._next_start(time, end, rng)
            if rng.random() < config.new_talker_share:
                voice = self._other_voice(voices, voice, n_samples, rng)
        return [each for each in voices if each.speech] or voices[:1]

    def murmur(self, count: int, n_samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Returns `count` talkers at once without pauses, float32 (n_samples,): babble that nobody can follow."""
        mixed = np.zeros(n_samples, np.float32)
        for _ in range(count):
            clips = self._pool.talker(rng)
            position = -int(rng.integers(self._rate))
            for _ in range(_MAX_UNUSABLE):
                if position >= n_samples:
                    break
                clip = clips[rng.integers(len(clips))]
                samples = self._store.read(clip, duration_s=n_samples / self._rate)
                level = np.sqrt(np.mean(samples * samples)) if len(samples) else np.float32(0)
                add_at(mixed, fade(samples, self._rate) / np.maximum(level, np.float32(1e-6)), position)
                position += len(samples)
        return mixed

    def _new_voice(self, n_samples: int, rng: np.random.Generator) -> Voice:
        config = self._config
        speed = rng.uniform(*config.speed) if rng.random() < config.speed_share else 1.0
        gain = 10 ** (rng.uniform(*config.talker_level_db) / 20)
        whispers = rng.random() < config.whisper_share
        return Voice(self._pool.talker(rng), gain, speed, whispers, np.zeros(n_samples, np.float32))

    def _other_voice(self, voices: list[Voice], last: Voice, n_samples: int, rng: np.random.Generator) -> Voice:
        """Draws who speaks next: one who has spoken before, more likely the more there are, or someone new."""
        others = [voice for voice in voices if voice is not last]
        if others and rng.random() < 0.5:
            return others[rng.integers(len(others))]
        voices.append(self._new_voice(n_samples, rng))
        return voices[-1]

    def _utterance(self, voice: Voice, longest_s: float, rng: np.random.Generator) -> Utterance | None:
        """Reads a clip of the talker; None where no speech is found in it."""
        clip = voice.clips[rng.integers(len(voice.clips))]
        start = rng.uniform(0.0, clip.duration_s - longest_s) if clip.duration_s > longest_s else 0.0
        samples = self._store.read(clip, start_s=start, duration_s=longest_s)
        if clip.speech is None:
            speech = energy_segments(samples, self._rate, self._rule)
        else:
            speech = clip.speech.crop(start, start + longest_s).shift(-start)
        if not len(speech):
            return None
        if voice.whispers:
            samples = whispered(samples, self._rate, rng)
        samples = samples * np.float32(REFERENCE_RMS / max(speech_rms(samples, speech, self._rate), 1e-6))
        if voice.tone is None:
            voice.tone = _background(samples, speech, self._rate)
        if voice.speed != 1.0:
            samples = played(samples, voice.speed)
            speech = Timeline(Segment(s.start / voice.speed, s.end / voice.speed) for s in speech)
        return _trimmed(samples, speech, self._rate)

    def _place(self, voice: Voice, utterance: Utterance, time: float, rng: np.random.Generator) -> float:
        """Adds an utterance so that its speech starts at `time`; returns when the speech ends, in seconds."""
        gain = voice.gain * 10 ** (rng.uniform(*self._config.utterance_level_db) / 20)
        first = seconds_to_samples(time - utterance.speech[0].start, self._rate)
        add_at(voice.track, utterance.samples * np.float32(gain), first)
        said = utterance.speech.shift(first / self._rate)
        voice.speech += said.crop(0.0, len(voice.track) / self._rate)
        return said[-1].end

    def _first_start(self, duration: float, rng: np.random.Generator) -> float:
        """Draws when the first utterance starts: before the excerpt, or after a pause that leaves room for speech."""
        config = self._config
        if rng.random() < config.mid_start_share:
            return -float(rng.uniform(0.0, _MID_START_S))
        return min(duration / 2, float(np.exp(rng.uniform(*np.log(config.pause_s)))))

    def _next_start(self, start: float, end: float, rng: np.random.Generator) -> float:
        config = self._config
        if rng.random() < config.overlap_share:
            return max(start + 0.1, end - rng.uniform(*config.overlap_s))
        return end + self._pause(rng)

    def _pause(self, rng: np.random.Generator) -> float:
        config = self._config
        if rng.random() < config.long_pause_share:
            return float(rng.uniform(*config.long_pause_s))
        return float(np.exp(rng.uniform(*np.log(config.pause_s))))


def with_room_tone(voice: Voice, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns the talker's track over the background noise of the recording, so that clips have no audible seams."""
    if voice.tone is None:
        return voice.track
    hiss = rng.standard_normal(len(voice.track), dtype=np.float32)
    tone: NDArray[np.float32] = oaconvolve(hiss, voice.tone, mode="same").astype(np.float32)
    return voice.track + tone * np.float32(voice.gain)


def speech_rms(samples: NDArray[np.float32], speech: Timeline, sample_rate: int) -> float:
    """Returns the root mean square over the speech alone; 0 where there is none."""
    energy, count = 0.0, 0
    for segment in speech:
        spoken = samples[seconds_to_samples(segment.start, sample_rate) : seconds_to_samples(segment.end, sample_rate)]
        energy += float(np.dot(spoken, spoken))
        count += len(spoken)
    return float(np.sqrt(energy / count)) if count else 0.0


def _trimmed(samples: NDArray[np.float32], speech: Timeline, sample_rate: int) -> Utterance:
    """Cuts long silence around the speech and fades what is left."""
    first = max(0, seconds_to_samples(speech[0].start - _LEAD_S, sample_rate))
    stop = min(len(samples), seconds_to_samples(speech[-1].end + _LEAD_S, sample_rate))
    return Utterance(fade(samples[first:stop], sample_rate), speech.shift(-first / sample_rate))


def piece_of(utterance: Utterance, longest_s: float, sample_rate: int, rng: np.random.Generator) -> Utterance:
    """Returns what is said from the beginning of some stretch of speech on, no longer than `longest_s`.

    The whole is labelled before it is cut: in a piece that may hold no pause at all energy has nothing to compare with.
    """
    chosen = int(rng.integers(len(utterance.speech)))
    first = utterance.speech[chosen].start
    before = utterance.speech[chosen - 1].end if chosen else 0.0
    speech = utterance.speech.crop(first, first + longest_s)
    start = seconds_to_samples(max(before, first - _LEAD_S), sample_rate)
    stop = seconds_to_samples(first + longest_s, sample_rate)
    return Utterance(fade(utterance.samples[start:stop], sample_rate), speech.shift(-start / sample_rate))


def _background(samples: NDArray[np.float32], speech: Timeline, sample_rate: int) -> NDArray[np.float32] | None:
    """Returns a filter that gives white noise the level and spectrum of the pauses; None where they are too short."""
    length = _TONE_LENGTH
    pauses = speech.gaps(0.0, len(samples) / sample_rate)
    windows = []
    for pause in pauses:
        first = seconds_to_samples(pause.start + _TONE_MARGIN_S, sample_rate)
        stop = seconds_to_samples(pause.end - _TONE_MARGIN_S, sample_rate)
        if stop - first >= length:
            windows.append(np.lib.stride_tricks.sliding_window_view(samples[first:stop], length)[:: length // 2])
    if not windows:
        return None
    taper = np.hanning(length).astype(np.float32)
    power = np.abs(np.fft.rfft(np.concatenate(windows) * taper, axis=1)) ** 2
    # The median of a chi-squared power is ln 2 of its mean, and does not hear single clicks.
    spectrum = np.median(power, axis=0) / np.log(2) / np.sum(taper**2)
    if not np.any(spectrum > 0):
        return None
    response = np.fft.fftshift(np.fft.irfft(np.sqrt(spectrum)))
    return (response * np.hanning(length)).astype(np.float32)
