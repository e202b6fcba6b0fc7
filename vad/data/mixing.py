"""Mixtures: talkers, noises, rooms and lines put together, each excerpt by its own seed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vad.config import Config
from vad.data.augment import digitised, through_line
from vad.data.corpus import Corpus, SourceClip
from vad.data.noises import NoiseMaker
from vad.data.rooms import recorded_room, reverberate, simulate_room
from vad.data.store import AudioStore
from vad.data.talkers import REFERENCE_RMS, Cast, Voice, speech_rms, with_room_tone
from vad.data.track import add_at, fade
from vad.segments import Timeline

_SILENT_SHARE = 0.06
_NONSPEECH_LEVEL_DB = (-20.0, 0.0)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One mixture.

    Attributes:
        samples: float32 (n,) in [-1, 1).
        speech: where anybody speaks, in seconds; reverberation is not speech.
    """

    samples: NDArray[np.float32]
    speech: Timeline


class Mixer:
    """Makes excerpts; the same config, corpus, split and index give the same samples on any worker.

    Args:
        config: its sections data and features, and its seed.
        corpus: the clips of the split.
        split: decides, with the seed, what comes out.
        store: reads the clips.
    """

    def __init__(self, config: Config, corpus: Corpus, split: str, store: AudioStore) -> None:
        self._mixing = config.data.mixing
        self._rate = config.features.sample_rate
        self._seed = (config.seed, zlib.crc32(split.encode()))
        self._corpus = corpus
        self._store = store
        self._cast = Cast(corpus.pools["speech"], config.data.mixing.speech, config.data.labels, store)
        self._noises = NoiseMaker(corpus, self._cast, config.data.mixing.noise, store)
        grid = config.features.grid
        self.n_frames = max(1, grid.frames_in(config.data.mixing.excerpt_s))
        self.n_samples = grid.samples_for(self.n_frames)

    def excerpt(self, index: int) -> Excerpt:
        """Makes one excerpt.

        Args:
            index: which; 0 or more.

        Raises:
            AudioError: when a clip cannot be read.
        """
        rng = np.random.default_rng(np.random.SeedSequence([*self._seed, index]))
        mixing = self._mixing
        labelled = self._corpus.pools.get("labelled")
        if labelled is not None and rng.random() < mixing.labelled_share:
            mixed, speech = self._recorded(labelled.clip(rng), rng)
        elif rng.random() < mixing.nonspeech_share:
            if rng.random() < _SILENT_SHARE:
                return Excerpt(self._silence(rng), Timeline())
            mixed, speech = self._nonspeech(rng), Timeline()
        else:
            # Drawn from a stream of its own: a share of 0 leaves every excerpt as it was.
            is_sparse = bool(rng.spawn(1)[0].random() < mixing.speech.sparse_share)
            voices = self._cast.perform(self.n_samples, rng, is_sparse=is_sparse)
            speech = Timeline(segment for voice in voices for segment in voice.speech)
            if rng.random() < mixing.augment.clean_share:
                mixed = self._clean(voices, rng)
                return Excerpt(digitised(mixed, self._rate, speech, mixing.augment, rng), speech)
            mixed = self._noisy(voices, speech, rng)
        mixed = through_line(mixed, self._rate, mixing.augment, rng)
        return Excerpt(digitised(mixed, self._rate, speech, mixing.augment, rng), speech)

    def _recorded(self, clip: SourceClip, rng: np.random.Generator) -> tuple[NDArray[np.float32], Timeline]:
        """Returns a random part of a labelled recording; a short one lies somewhere in silence."""
        duration = self.n_samples / self._rate
        start = rng.uniform(0.0, clip.duration_s - duration) if clip.duration_s > duration else 0.0
        samples = self._store.read(clip, start_s=start, duration_s=duration)[: self.n_samples]
        first = int(rng.integers(self.n_samples - len(samples) + 1))
        track = np.zeros(self.n_samples, np.float32)
        add_at(track, fade(samples, self._rate), first)
        said = Timeline() if clip.speech is None else clip.speech.crop(start, start + len(samples) / self._rate)
        return track, said.shift(first / self._rate - start).crop(0.0, duration)

    def _clean(self, voices: list[Voice], rng: np.random.Generator) -> NDArray[np.float32]:
        tracks = [with_room_tone(voice, rng) for voice in voices]
        mixed: NDArray[np.float32] = np.sum(tracks, axis=0, dtype=np.float32)
        return mixed

    def _noisy(self, voices: list[Voice], speech: Timeline, rng: np.random.Generator) -> NDArray[np.float32]:
        mixed = np.zeros(self.n_samples, np.float32)
        toned = rng.random() < self._mixing.speech.room_tone_share
        for voice in voices:
            track = with_room_tone(voice, rng) if toned else voice.track
            mixed += self._in_room(track, self._mixing.rooms.talker_share, rng)
        level = speech_rms(mixed, speech, self._rate)
        if rng.random() < self._mixing.speech.bystander_share:
            mixed += self._bystanders(rng) * np.float32(level)
        for _ in range(self._noises.count(rng)):
            noise = self._noises.track(self.n_samples, rng)
            noise = self._in_room(noise, self._mixing.rooms.noise_share, rng)
            snr = rng.uniform(*self._mixing.noise.snr_db)
            mixed += noise * np.float32((level if level > 0 else REFERENCE_RMS) * 10 ** (-snr / 20))
        return mixed

    def _bystanders(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Returns others who talk far away, float32 (n_samples,), their level against a near talker's of 1."""
        voices = self._cast.perform(self.n_samples, rng)
        mixed: NDArray[np.float32] = np.sum([voice.track for voice in voices], axis=0, dtype=np.float32)
        mixed = self._in_room(mixed, 1.0, rng)
        level = speech_rms(mixed, Timeline(segment for voice in voices for segment in voice.speech), self._rate)
        return mixed * np.float32(10 ** (rng.uniform(*self._mixing.speech.bystander_db) / 20) / max(level, 1e-6))

    def _nonspeech(self, rng: np.random.Generator) -> NDArray[np.float32]:
        mixed = np.zeros(self.n_samples, np.float32)
        for _ in range(max(1, self._noises.count(rng))):
            noise = self._noises.track(self.n_samples, rng, murmur=False)
            noise = self._in_room(noise, self._mixing.rooms.noise_share, rng)
            mixed += noise * np.float32(REFERENCE_RMS * 10 ** (rng.uniform(*_NONSPEECH_LEVEL_DB) / 20))
        return mixed

    def _silence(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Returns digital silence, or no more than the noise of a converter."""
        level = rng.choice([0.0, 0.5, 2.0, 8.0])
        steps = np.rint(rng.standard_normal(self.n_samples, dtype=np.float32) * np.float32(level))
        silence: NDArray[np.float32] = steps / np.float32(32768)
        return silence

    def _in_room(self, track: NDArray[np.float32], share: float, rng: np.random.Generator) -> NDArray[np.float32]:
        rooms = self._mixing.rooms
        if rng.random() >= share:
            return track
        recorded = self._corpus.pools.get("rir")
        if recorded is not None and rng.random() < rooms.recorded_share:
            found = recorded_room(self._store.read(recorded.clip(rng)), rooms.max_tail_s, self._rate)
            if found is not None:
                return reverberate(track, found)
        return reverberate(track, simulate_room(rng, rooms, self._rate))
