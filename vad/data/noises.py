"""Noises: tracks without speech, from recordings of noise, music, voices without words, and babble."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.config.data import NoiseConfig
from vad.data.corpus import Corpus, SourceClip
from vad.data.shaping import filtered, played, random_gains
from vad.data.store import AudioStore
from vad.data.synthesis import synthetic_noise
from vad.data.talkers import Cast
from vad.data.track import add_at, fade
from vad.frames import seconds_to_samples

_SHORT_S = 1.0
_MAX_CLIPS = 24
_SAME_CLIP = 0.6
_LEVEL_S = 0.02
_AUDIBLE = 0.05
_MADE = ("talkers", "synthetic")


class NoiseMaker:
    """Draws noises and fills excerpts with them.

    Args:
        corpus: the recordings; kinds without any are never drawn.
        cast: makes babble out of talkers.
        config: what is drawn how often.
        store: reads them.
    """

    def __init__(self, corpus: Corpus, cast: Cast, config: NoiseConfig, store: AudioStore) -> None:
        self._pools = corpus.pools
        self._cast = cast
        self._config = config
        self._store = store
        self._rate = store.sample_rate
        known = {
            kind: weight
            for kind, weight in config.kind_weights.items()
            if weight > 0 and (kind in _MADE or kind in corpus.pools)
        }
        self._kinds = list(known)
        self._chances = np.array(list(known.values())) / max(sum(known.values()), 1e-9)

    def count(self, rng: np.random.Generator) -> int:
        """Draws how many noises an excerpt with speech has; 0 where there is nothing to draw from."""
        weights = np.array(self._config.count_weights)
        return int(rng.choice(len(weights), p=weights / weights.sum())) if self._kinds else 0

    def track(self, n_samples: int, rng: np.random.Generator, *, murmur: bool = True) -> NDArray[np.float32]:
        """Draws a noise and fills an excerpt with it.

        Args:
            n_samples: length of the excerpt.
            rng: decides.
            murmur: whether the noise may be babble made of talkers.

        Returns:
            float32 (n_samples,), its audible parts at a root mean square of 1; silence where nothing is audible.
        """
        chances = self._chances * [murmur or kind != "talkers" for kind in self._kinds]
        if not chances.sum() > 0:
            return np.zeros(n_samples, np.float32)
        kind = self._kinds[int(rng.choice(len(self._kinds), p=chances / chances.sum()))]
        speed = float(rng.uniform(*self._config.speed)) if rng.random() < self._config.speed_share else 1.0
        # What is left of it at its new speed must still fill the excerpt.
        track = played(self._made(kind, int(np.ceil(n_samples * speed)), rng), speed)[:n_samples]
        track = np.pad(track, (0, n_samples - len(track)))
        if rng.random() < self._config.reversed_share:
            track = track[::-1].copy()
        if rng.random() < self._config.filter_share:
            track = filtered(track, random_gains(self._config.filter_db, rng), self._rate)
        level = audible_rms(track, self._rate)
        return track / np.float32(level) if level > 0 else track

    def _made(self, kind: str, n_samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
        if kind == "synthetic":
            return synthetic_noise(n_samples, self._rate, rng)
        if kind == "talkers":
            low, high = self._config.talkers
            return self._cast.murmur(int(rng.integers(low, high + 1)), n_samples, rng)
        return self._filled(kind, n_samples, rng)

    def _filled(self, kind: str, n_samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
        pool = self._pools[kind]
        clip = pool.clip(rng)
        as_events = clip.duration_s < _SHORT_S or rng.random() < self._config.event_share
        track = np.zeros(n_samples, np.float32)
        position = self._gap(rng) if as_events else 0
        known: dict[str, NDArray[np.float32]] = {}
        for _ in range(_MAX_CLIPS):
            if position >= n_samples:
                break
            piece = self._piece(clip, known, n_samples, rng)
            add_at(track, piece * np.float32(10 ** (rng.uniform(-6.0, 0.0) / 20)), position)
            position += max(1, len(piece)) + (self._gap(rng) if as_events else 0)
            if rng.random() > _SAME_CLIP:
                clip = pool.clip_of(clip.source, rng)
        return track

    def _piece(
        self, clip: SourceClip, known: dict[str, NDArray[np.float32]], n_samples: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Reads a clip, or a random part of a long one; a clip that comes again is read once."""
        longest = n_samples / self._rate
        if clip.duration_s > longest:
            start = rng.uniform(0.0, clip.duration_s - longest)
            return fade(self._store.read(clip, start_s=start, duration_s=longest), self._rate)
        if clip.id not in known:
            known[clip.id] = fade(_without_zeros(self._store.read(clip)), self._rate)
        return known[clip.id]

    def _gap(self, rng: np.random.Generator) -> int:
        return seconds_to_samples(float(np.exp(rng.uniform(*np.log(self._config.gap_s)))), self._rate)


def audible_rms(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Returns the root mean square over the parts that are not much quieter than the whole; 0 for silence."""
    length = seconds_to_samples(_LEVEL_S, sample_rate)
    whole = samples[: len(samples) // length * length].reshape(-1, length)
    power = np.einsum("ij,ij->i", whole, whole) / length
    if not len(power) or not power.max() > 0:
        return 0.0
    return float(np.sqrt(np.mean(power[power >= _AUDIBLE * power.mean()])))


def _without_zeros(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    sounding = np.flatnonzero(samples)
    return samples[sounding[0] : sounding[-1] + 1] if len(sounding) else samples[:0]
