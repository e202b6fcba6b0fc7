"""Trials of the memory tasks: the same every time, and ended for the reason that is given."""

from __future__ import annotations

import dataclasses

import pytest

from vad.study.memory import measure_fresh, run_memory_trial
from vad.study.results import MemoryTrial


def numbers(result):
    return {**dataclasses.asdict(result), "seconds": None}


def test_a_trial_is_the_same_every_time(study):
    trial = MemoryTrial("cue", "chrono", "rnn", 3, 6)
    first, again = run_memory_trial(study(), trial), run_memory_trial(study(), trial)
    assert numbers(first) == numbers(again)
    assert [update for update, _ in first.history] == [4, 8, 12][: len(first.history)]
    assert first.gains["distance"][-1] == 7
    fresh = measure_fresh(study(), trial)
    assert fresh.gains["distance"] == first.gains["distance"]
    assert fresh.gains["h"] != first.gains["h"]
    other = run_memory_trial(study(), dataclasses.replace(trial, seed=4))
    assert other.gains != first.gains


def test_an_easy_task_is_solved_and_training_ends_there(study):
    easy = study(memory={"updates": 400, "evaluate_every": 20, "learning_rate": 0.02}, adding={"solved_error": 0.05})
    result = run_memory_trial(easy, MemoryTrial("adding", "one", "lstm", 0, 3))
    assert result.solved
    assert result.stopped == "solved"
    assert result.updates < 400
    assert result.score <= 0.05
    assert result.gains is None


@pytest.mark.parametrize(
    ("memory", "stopped", "updates"),
    [
        ({"learning_rate": 1e-9, "give_up_after": 0.5}, "no better than chance", 8),
        ({"learning_rate": 1e38, "clip_norm": 1e6}, "diverged", 4),
    ],
)
def test_what_leads_nowhere_ends_early(study, memory, stopped, updates):
    result = run_memory_trial(study(memory=memory), MemoryTrial("adding", "one", "no-output-activation", 0, 8))
    assert (result.solved, result.stopped, result.updates) == (False, stopped, updates)
    assert (result.score is None) == (stopped == "diverged")
