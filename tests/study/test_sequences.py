"""Laws of the memory tasks: what is asked for is what was shown, and guessing earns what is said."""

from __future__ import annotations

import numpy as np
import pytest

from vad.config.study import AddingStudy, CueStudy
from vad.study.sequences import adding_rows, adding_task, cue_sequences, cue_task


@pytest.mark.parametrize("length", [2, 3, 25, 400])
def test_the_sum_is_that_of_the_marked_numbers_one_in_each_half(length):
    inputs, targets = adding_rows(np.random.default_rng(0), 200, length)
    numbers, marks = inputs[..., 0], inputs[..., 1]
    assert inputs.shape == (200, length, 2)
    assert inputs.dtype == targets.dtype == np.float32
    np.testing.assert_allclose((numbers * marks).sum(axis=1, keepdims=True), targets, rtol=1e-6)
    assert (marks[:, : length // 2].sum(axis=1) == 1).all()
    assert (marks[:, length // 2 :].sum(axis=1) == 1).all()
    assert (numbers >= 0).all()
    assert (numbers <= 1).all()


def test_the_cue_is_what_must_be_recalled():
    inputs, targets = cue_sequences(np.random.default_rng(1), 300, 50, cues=4, noise=0.01)
    assert inputs.shape == (300, 52, 5)
    np.testing.assert_array_equal(inputs[:, 0].argmax(axis=1), targets)
    np.testing.assert_array_equal(inputs[:, 0].sum(axis=1), 1)
    np.testing.assert_array_equal(inputs[:, -1], np.tile([0, 0, 0, 0, 1], (300, 1)))
    assert inputs[:, 1:-1].std() == pytest.approx(0.01, rel=0.05)
    assert set(targets) == {0, 1, 2, 3}


def test_the_silence_tells_nothing():
    """Two sequences with the same noise and other cues differ in their first step alone."""
    one, _ = cue_sequences(np.random.default_rng(2), 64, 9, cues=2, noise=0.1)
    other, _ = cue_sequences(np.random.default_rng(2), 64, 9, cues=2, noise=0.1)
    np.testing.assert_array_equal(one, other)
    assert not cue_sequences(np.random.default_rng(2), 3, 9, cues=2, noise=0.0)[0][:, 1:-1].any()


def test_chance_is_what_is_said():
    rng = np.random.default_rng(3)
    adding = adding_task(AddingStudy())
    _, sums = adding.draw(rng, 20_000, 10)
    assert adding.score(np.ones_like(sums), sums) == pytest.approx(adding.chance, rel=0.03)
    cue = cue_task(CueStudy(cues=5))
    _, which = cue.draw(rng, 20_000, 2)
    guesses = rng.standard_normal((20_000, 5)).astype(np.float32)
    assert cue.score(guesses, which) == pytest.approx(cue.chance, rel=0.05)


def test_right_answers_are_solved_and_guesses_are_not():
    rng = np.random.default_rng(4)
    adding, cue = adding_task(AddingStudy()), cue_task(CueStudy())
    _, sums = adding.draw(rng, 50, 10)
    assert adding.is_solved(adding.score(sums, sums))
    assert not adding.is_solved(adding.chance)
    _, which = cue.draw(rng, 50, 10)
    assert cue.is_solved(cue.score(np.eye(4, dtype=np.float32)[which], which))
    assert not cue.is_solved(cue.chance)
    for task in (adding, cue):
        assert not task.beats_chance(task.chance)
        assert task.beats_chance((task.chance + task.goal) / 2)


def test_losses_fall_towards_right_answers():
    rng = np.random.default_rng(5)
    for task, right in ((adding_task(AddingStudy()), lambda y: y), (cue_task(CueStudy()), lambda y: 9 * np.eye(4)[y])):
        _, targets = task.draw(rng, 32, 4)
        answers = np.asarray(right(targets), np.float32)
        assert float(task.loss(targets, answers)) < float(task.loss(targets, answers[::-1]))
