"""Rooms: responses from a talker to a microphone, simulated by image sources or recorded.

Every response starts with the direct path, so that labels of the dry signal stay true: a room adds a tail, no delay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from vad.config.data import RoomsConfig
from vad.frames import seconds_to_samples

_SOUND_SPEED = 343.0
_WALL_MARGIN_M = 0.2
_IMAGES = 4
_TAIL_START_S = 0.05
_MAX_BEFORE_PEAK = 0.3
_MIN_KEPT = 0.6


def simulate_room(rng: np.random.Generator, config: RoomsConfig, sample_rate: int) -> NDArray[np.float32]:
    """Makes the response of a random shoebox room: early reflections by image sources, then a diffuse tail.

    Args:
        rng: decides the room.
        config: the bounds of its size, reverberation and distance.
        sample_rate: in Hz.

    Returns:
        float32 (n,), energy 1, the direct path at sample 0.

    References:
        Allen and Berkley, Image method for efficiently simulating small-room acoustics, JASA 65 (1979).
    """
    size = np.array([rng.uniform(*config.size_m), rng.uniform(*config.size_m), rng.uniform(*config.height_m)])
    rt60 = rng.uniform(*config.rt60_s)
    microphone = rng.uniform(_WALL_MARGIN_M, size - _WALL_MARGIN_M)
    direction = rng.normal(size=3)
    distance = np.exp(rng.uniform(*np.log(config.distance_m)))
    talker = microphone + distance * direction / np.linalg.norm(direction)
    talker = np.clip(talker, _WALL_MARGIN_M, size - _WALL_MARGIN_M)
    response = np.zeros(seconds_to_samples(min(rt60, config.max_tail_s), sample_rate) + 1)
    images = _images(size, talker, microphone, rt60, sample_rate)[: len(response)]
    response[: len(images)] = images
    start = seconds_to_samples(_TAIL_START_S, sample_rate)
    if len(response) > start:
        time = np.arange(len(response) - start) / sample_rate
        level = np.sqrt(np.mean(response[start // 2 : start] ** 2)) * 10 ** (-3 * _TAIL_START_S / 4 / rt60)
        # The finite set of images thins out here; beyond, a real room is dense noise.
        response[start:] = rng.normal(size=len(time)) * level * 10 ** (-3 * time / rt60)
    return _unit(response)


def recorded_room(samples: NDArray[np.float32], max_tail_s: float, sample_rate: int) -> NDArray[np.float32] | None:
    """Cuts a recorded response so that it starts at its direct path.

    Args:
        samples: float32 (n,), the response as recorded.
        max_tail_s: what is later than this after the direct path is cut off.
        sample_rate: in Hz.

    Returns:
        float32 (m,), energy 1; None where the strongest path is not an early one that the energy follows (reversed or
        artificial responses would move the speech against its labels).
    """
    energy = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
    if not energy[-1] > 0:
        return None
    peak = int(np.argmax(np.abs(samples)))
    stop = min(len(samples), peak + seconds_to_samples(max_tail_s, sample_rate))
    before, kept = energy[peak] / energy[-1], (energy[stop] - energy[peak]) / energy[-1]
    if before > _MAX_BEFORE_PEAK or kept < _MIN_KEPT:
        return None
    return _unit(samples[peak:stop].astype(np.float64))


def reverberate(samples: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolves a signal with a response that starts at its direct path; the length stays the same."""
    wet: NDArray[np.float32] = oaconvolve(samples, response)[: len(samples)].astype(np.float32)
    return wet


def _images(
    size: NDArray[np.float64],
    talker: NDArray[np.float64],
    microphone: NDArray[np.float64],
    rt60: float,
    sample_rate: int,
) -> NDArray[np.float64]:
    """Returns the response of mirrored talkers by Allen and Berkley, cut at the direct path, float64 (n,)."""
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    reflected = np.sqrt(1 - np.clip(0.161 * volume / (surface * rt60), 0.02, 0.98))
    orders = np.arange(-_IMAGES, _IMAGES + 1)
    squares, bounces = [], []
    for axis in range(3):
        places = np.concatenate([2 * orders * size[axis] + talker[axis], 2 * orders * size[axis] - talker[axis]])
        squares.append((places - microphone[axis]) ** 2)
        bounces.append(np.concatenate([np.abs(2 * orders), np.abs(2 * orders - 1)]))
    distance = np.sqrt(_outer_sum(squares)).ravel()
    bounce = _outer_sum(bounces).ravel()
    delay = np.floor((distance - distance.min()) / _SOUND_SPEED * sample_rate + 0.5).astype(np.int64)
    return np.bincount(delay, weights=reflected**bounce / np.maximum(distance, 0.05)).astype(np.float64)


def _outer_sum(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :]
    return total


def _unit(response: NDArray[np.float64]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (response / np.sqrt(np.sum(response**2))).astype(np.float32)
    return scaled
