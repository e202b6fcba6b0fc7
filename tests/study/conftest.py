"""A study in miniature, and results that were made up."""

from __future__ import annotations

import pytest

from vad.config import StudyConfig
from vad.study.results import MemoryResult, SpeechResult, SpeedResult


def make_study(**changes):
    memory = {
        "lengths": [4, 8],
        "units": 5,
        "batch_size": 8,
        "updates": 12,
        "evaluate_every": 4,
        "held_out": 16,
        "gain_sequences": 2,
        **changes.pop("memory", {}),
    }
    settings = {"seeds": [0, 1], "variants": ["lstm", "rnn"], "speech": {"config": "speech.yaml"}, **changes}
    return StudyConfig(name="small", memory=memory, **settings)


def make_gains(*, cell, keep=0.9):
    distances = [1, 2, 4, 8]
    states = ("h", "c") if cell else ("h",)
    return {"distance": distances, **{name: [keep**distance for distance in distances] for name in states}}


def make_memory_result(*, solved=True, updates=8, cell=True):
    return MemoryResult(
        solved=solved,
        stopped="solved" if solved else "budget",
        score=1.0 if solved else 0.3,
        updates=updates,
        parameters=123,
        seconds=0.5,
        history=[[updates, 1.0]],
        gains=make_gains(cell=cell, keep=0.99),
    )


def make_speech_result(auc, *, cell=True):
    return SpeechResult(
        roc_auc=auc,
        loss=0.2,
        best_epoch=3,
        history=[0.8, 0.9, auc],
        parameters=456,
        seconds=2.0,
        gains_before=make_gains(cell=cell),
        gains_after=make_gains(cell=cell, keep=0.95),
    )


def make_speed(variants=("lstm", "rnn")):
    return SpeedResult(
        frames_per_s=dict.fromkeys(variants, 100000),
        relative={variant: [0.9, 1.0, 1.1] for variant in variants},
        step_us={"1": dict.fromkeys(variants, 9.0), "32": dict.fromkeys(variants, 2.0)},
        batch=[32, 500],
        machine="one thread",
    )


@pytest.fixture
def study():
    return make_study


@pytest.fixture
def made_up():
    return make_memory_result, make_speech_result, make_speed
