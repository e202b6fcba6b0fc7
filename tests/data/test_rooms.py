"""Laws of rooms."""

from __future__ import annotations

import numpy as np

from vad.config.data import RoomsConfig
from vad.data.rooms import recorded_room, reverberate, simulate_room

RATE = 16000


def test_simulated_rooms_start_with_the_direct_path_at_energy_one() -> None:
    for seed in range(20):
        response = simulate_room(np.random.default_rng(seed), RoomsConfig(), RATE)
        assert response.dtype == np.float32
        assert np.isclose(np.sum(response.astype(float) ** 2), 1, atol=1e-4)
        assert response[0] > 0
        assert len(response) <= RATE + 1


def test_simulated_rooms_decay_as_fast_as_asked() -> None:
    for rt60 in (0.3, 0.6):
        slopes = []
        for seed in range(10):
            config = RoomsConfig(rt60_s=(rt60, rt60), distance_m=(1.0, 1.0))
            response = simulate_room(np.random.default_rng(seed), config, RATE).astype(float)
            left = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1])
            early, late = int(0.06 * RATE), int(0.16 * RATE)
            slopes.append((left[early] - left[late]) / 0.1)
        assert np.isclose(np.median(slopes), 60 / rt60, rtol=0.25)


def test_far_talkers_are_more_reverberant() -> None:
    def direct(distance: float) -> float:
        config = RoomsConfig(distance_m=(distance, distance), rt60_s=(0.5, 0.5), size_m=(8, 12))
        rooms = [simulate_room(np.random.default_rng(seed), config, RATE) for seed in range(10)]
        return float(np.median([np.sum(room[:32] ** 2) for room in rooms]))

    assert direct(0.3) > direct(4.0)


def test_recorded_rooms_lose_their_delay() -> None:
    recorded = np.zeros(8000, np.float32)
    recorded[500], recorded[900] = 1.0, 0.5
    response = recorded_room(recorded, 0.1, RATE)
    assert response is not None
    assert len(response) == 1600
    assert response[0] == np.max(response) and response[400] == response[0] / 2


def test_recorded_rooms_that_would_move_speech_are_refused() -> None:
    swelling = np.exp(np.arange(8000) / 1000).astype(np.float32)
    assert recorded_room(swelling, 0.1, RATE) is None
    assert recorded_room(np.zeros(100, np.float32), 0.1, RATE) is None


def test_reverberation_adds_a_tail_and_no_delay() -> None:
    click = np.zeros(4000, np.float32)
    click[1000] = 1.0
    wet = reverberate(click, simulate_room(np.random.default_rng(1), RoomsConfig(), RATE))
    assert len(wet) == len(click)
    assert np.max(np.abs(wet[:1000])) < 1e-5 < np.abs(wet[1000])
