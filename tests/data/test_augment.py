"""Laws of microphones and lines."""

from __future__ import annotations

import random

import numpy as np
import pytest

from vad.config.data import AugmentConfig
from vad.data.augment import digitised, seeded, through_line
from vad.segments import Segment, Timeline

RATE = 16000
SHARES = [name for name in AugmentConfig.model_fields if name.endswith("_share")]
NONE = dict.fromkeys(SHARES, 0.0)


def noise(seconds: float = 2.0) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def test_global_random_states_are_put_back() -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    wanted = random.random(), np.random.random()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    with seeded(1):
        drawn = random.random(), np.random.random()  # noqa: NPY002
    with pytest.raises(RuntimeError), seeded(1):
        assert (random.random(), np.random.random()) == drawn  # noqa: NPY002
        raise RuntimeError
    assert (random.random(), np.random.random()) == wanted  # noqa: NPY002


@pytest.mark.parametrize("share", [s for s in SHARES if s not in ("clean_share", "silence_share", "dc_share")])
def test_every_effect_acts_and_is_decided_by_the_seed(share: str) -> None:
    config = AugmentConfig(**{**NONE, share: 1.0})
    first, again = (through_line(noise(), RATE, config, np.random.default_rng(7)) for _ in range(2))
    assert first.dtype == np.float32 and first.shape == noise().shape
    assert np.all(np.isfinite(first))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, noise())


def test_nothing_happens_where_nothing_is_asked() -> None:
    heard = through_line(noise(), RATE, AugmentConfig(**NONE), np.random.default_rng(0))
    assert np.array_equal(heard, noise())


def test_silence_and_tones_survive_every_effect() -> None:
    config = AugmentConfig(**dict.fromkeys(SHARES, 1.0))
    for samples in (np.zeros(RATE, np.float32), np.ones(RATE, np.float32)):
        heard = through_line(samples, RATE, config, np.random.default_rng(3))
        assert np.all(np.isfinite(digitised(heard, RATE, Timeline(), config, np.random.default_rng(3))))


def test_digitised_samples_are_of_sixteen_bits_and_the_level_asked() -> None:
    config = AugmentConfig(**NONE, level_db=(-20.0, -20.0))
    heard = digitised(noise(), RATE, Timeline(), config, np.random.default_rng(0))
    assert np.array_equal(heard * 32768, np.rint(heard * 32768))
    assert np.isclose(20 * np.log10(np.max(np.abs(heard))), -20, atol=0.01)


def test_digital_silence_spares_speech() -> None:
    config = AugmentConfig(**{**NONE, "silence_share": 1.0})
    speech = Timeline([Segment(0.5, 1.2)])
    zeroed = 0
    for seed in range(20):
        heard = digitised(noise() + 1, RATE, speech, config, np.random.default_rng(seed))
        assert np.all(heard[8000:19200] != 0)
        zeroed += int(np.sum(heard == 0))
    assert zeroed > 0
    full = Timeline([Segment(0.0, 2.0)])
    assert np.all(digitised(noise() + 1, RATE, full, config, np.random.default_rng(0)) != 0)
