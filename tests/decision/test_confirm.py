"""Laws of the threshold that confirms: what reaches it is kept, nothing else is, and none waits for it for ever."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vad.decision import CONFIRM_WITHIN_S, Decision, DecisionRule, Dropped, Ended, Started, decide
from vad.errors import ConfigError
from vad.frames import FrameGrid
from vad.segments import Timeline

GRID = FrameGrid()
RATE = GRID.sample_rate
FRAME_S = GRID.hop_length / RATE
PATIENCE = 9  # frames, of the tests with a small one

durations = st.integers(0, 14).map(lambda n: n * FRAME_S)
runs = st.lists(st.tuples(st.sampled_from([0.0, 0.4, 0.6, 0.6, 0.9]), st.integers(1, 12)), min_size=1, max_size=25)
posteriors = runs.map(lambda parts: np.concatenate([np.full(n, level, np.float32) for level, n in parts]))
fields = {
    "onset_threshold": st.sampled_from([0.5, 0.6]),
    "offset_threshold": st.sampled_from([0.25, 0.5]),
    "confirm_threshold": st.sampled_from([0.6, 0.75, 0.9]),
    "hangover_s": st.sampled_from([0.0, 0.02]),
    **dict.fromkeys(("min_speech_s", "min_silence_s", "pad_start_s", "pad_end_s", "merge_gap_s"), durations),
}
rules = st.builds(DecisionRule, **fields)


@st.composite
def limited_rules(draw):
    rule = draw(rules)
    least = rule.pad_start_s + rule.pad_end_s + rule.min_speech_s + 0.5
    return rule.replace({"max_speech_s": least + draw(st.sampled_from([0.0, 0.2])) + 1e-9})


@pytest.fixture
def impatient(monkeypatch):
    """Makes stretches be given up after some frames, so that short arrays reach that again and again."""
    monkeypatch.setattr("vad.decision.scale.CONFIRM_WITHIN_S", PATIENCE * FRAME_S)


def marks_of(values, rule, sizes=(10**9,)):
    machine = Decision(rule, GRID)
    found, at, k = [], 0, 0
    while at < len(values):
        found += machine.advance(values[at : at + sizes[k % len(sizes)]])
        at, k = at + sizes[k % len(sizes)], k + 1
    return found + machine.finish(GRID.samples_for(len(values)))


def lawful(test):
    """The settings of a law that is tried with the small patience."""
    quiet = [HealthCheck.function_scoped_fixture]
    tried = settings(deadline=None, max_examples=200, suppress_health_check=quiet)(test)
    return pytest.mark.usefixtures("impatient")(tried)


@lawful
@given(posteriors, rules)
def test_decide_is_the_stated_rule(expected, values, rule):
    n_samples = GRID.samples_for(len(values))
    assert decide(values, rule, GRID, n_samples) == expected(values, rule, n_samples, PATIENCE)


@lawful
@given(posteriors, rules | limited_rules(), st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_any_chunking_gives_the_same_marks_at_the_same_times(values, rule, sizes):
    marks = marks_of(values, rule)
    assert marks_of(values, rule, sizes) == marks == marks_of(values, rule, (1,))
    assert [mark.known for mark in marks] == sorted(mark.known for mark in marks)
    bounds = [mark for mark in marks if not isinstance(mark, Dropped)]
    assert all(isinstance(mark, Ended if n % 2 else Started) for n, mark in enumerate(bounds))
    assert all(mark.start < mark.end for mark in marks if not isinstance(mark, Started))


@lawful
@given(posteriors, rules)
def test_a_segment_reaches_the_threshold_within_the_patience(values, rule):
    bare = rule.replace({"pad_start_s": 0.0, "pad_end_s": 0.0, "merge_gap_s": 0.0})
    for segment in decide(values, bare, GRID, GRID.samples_for(len(values))):
        frames = [t for t in range(len(values)) if segment.start <= GRID.centre(t) / RATE < segment.end]
        assert values[frames[: PATIENCE + 1]].max() >= np.float32(rule.confirm_threshold)


@lawful
@given(posteriors.map(lambda values: values[:60]), rules)
def test_a_segment_is_returned_as_early_as_the_rule_allows(values, rule):
    machine = Decision(rule, GRID)
    returned = []
    for t, value in enumerate(values, start=1):
        returned += machine.push(np.asarray([value]))
        # Silence ends everything, sure speech reaches back the furthest.
        futures = [np.concatenate([values[:t], np.full(99, level, np.float32)]) for level in (0.0, 1.0)]
        agreed = [set(decide(f, rule, GRID, GRID.samples_for(len(f)))) for f in (*futures, values[:t])]
        assert set(returned) == set.intersection(*agreed)


@lawful
@given(posteriors, rules | limited_rules())
def test_no_more_is_held_back_than_the_patience(values, rule):
    rule = rule.replace({"min_speech_s": 0.0, "max_speech_s": rule.max_speech_s})
    machine = Decision(rule, GRID)
    promised = 0
    for n, value in enumerate(values, start=1):
        marks = machine.advance(np.asarray([value]))
        assert all(mark.start >= promised for mark in marks if isinstance(mark, Started))
        waits = machine._start is not None and not machine._confirmed
        promised = machine.earliest_start
        assert not waits or promised >= machine._scale.padded_start(max(0, n - PATIENCE - 1))


@settings(deadline=None, max_examples=300)
@given(posteriors, rules | limited_rules())
def test_none_is_the_onset_threshold(values, rule):
    assert marks_of(values, rule.replace({"confirm_threshold": None})) == marks_of(
        values, rule.replace({"confirm_threshold": rule.onset_threshold})
    )


def spans(parts, rule):
    """Decides on runs of (posterior, seconds); returns the segments in seconds and what was dropped, in samples."""
    values = np.concatenate([np.full(round(s / FRAME_S), level, np.float32) for level, s in parts])
    marks = marks_of(values, rule)
    found = Timeline.from_pairs((mark.start / RATE, mark.end / RATE) for mark in marks if isinstance(mark, Ended))
    return found.to_pairs(), [mark for mark in marks if isinstance(mark, Dropped)]


def at(seconds):
    return GRID.boundary(round(seconds / FRAME_S)) / RATE


def test_noise_that_is_nowhere_sure_is_dropped_and_what_confirms_late_is_kept_from_its_start():
    rule = DecisionRule(confirm_threshold=0.9)
    parts = [(0.0, 1.0), (0.8, 2.0), (0.0, 1.0), (0.8, 2.0), (0.95, 0.01), (0.8, 1.0), (0.0, 1.0)]
    found, dropped = spans(parts, rule)
    assert found == [(at(4.0), at(7.01))]
    assert [(mark.start / RATE, mark.end / RATE) for mark in dropped] == [(at(1.0), at(3.0))]


def test_what_waits_too_long_is_given_up_that_far():
    rule = DecisionRule(confirm_threshold=0.9)
    found, dropped = spans([(0.0, 1.0), (0.8, 2.5 * CONFIRM_WITHIN_S), (0.95, 1.0), (0.0, 1.0)], rule)
    ends = [at(1.0 + n * CONFIRM_WITHIN_S) for n in range(3)]
    assert [(mark.start / RATE, mark.end / RATE) for mark in dropped] == [*itertools.pairwise(ends)]
    assert found == [(ends[-1], at(2.0 + 2.5 * CONFIRM_WITHIN_S))]


def test_what_is_given_up_holds_back_no_end_and_joins_nothing():
    rule = DecisionRule(min_silence_s=0.02, pad_start_s=0.05, pad_end_s=0.05, confirm_threshold=0.9)
    values = np.full(1300, 0.8, np.float32)
    values[:50], values[50:55], values[1100], values[1200:] = 0.95, 0.0, 0.95, 0.0
    started, dropped, ended, again, *_ = marks_of(values, rule)
    assert (started.onset, started.known) == (0, 10)
    assert (dropped.start, dropped.end) == (GRID.boundary(55), GRID.boundary(1055))
    # The frame after the patience is the first that cannot confirm what is within reach of the pads.
    assert dropped.known == ended.known == 1056
    assert (again.onset, again.known) == (GRID.boundary(1055), 1101)


def test_a_gap_at_the_end_of_the_patience_is_not_filled():
    rule = DecisionRule(confirm_threshold=0.9, min_silence_s=1.0)
    found, dropped = spans([(0.8, CONFIRM_WITHIN_S - 0.2), (0.0, 0.5), (0.95, 1.0), (0.0, 2.0)], rule)
    assert found == [(at(CONFIRM_WITHIN_S + 0.3), at(CONFIRM_WITHIN_S + 1.3))]
    assert [(mark.start, mark.end / RATE) for mark in dropped] == [(0, at(CONFIRM_WITHIN_S - 0.2))]


@pytest.mark.parametrize("threshold", [0.7, 0.9, 0.95, 1.0])
def test_a_posterior_that_equals_the_threshold_reaches_it_in_any_chunking(threshold):
    rule = DecisionRule(0.5, 0.5, min_speech_s=0.0, min_silence_s=0.0, confirm_threshold=threshold)
    below = np.nextafter(np.float32(threshold), np.float32(0))
    values = np.array([0.0, threshold, 0.0, below, below, 0.0, 0.6, threshold, 0.6, 0.0], np.float32)
    marks = marks_of(values, rule)
    assert sum(isinstance(mark, Started) for mark in marks) == 2
    assert all(marks_of(values, rule, (size,)) == marks for size in range(1, len(values)))


def test_hours_of_unsure_noise_take_no_memory():
    machine = Decision(DecisionRule(min_silence_s=0.5, max_speech_s=30.0, confirm_threshold=0.9), GRID)
    noise = np.tile(np.repeat(np.asarray([0.8, 0.1], np.float32), [80, 20]), 100)
    for _ in range(40):
        machine.advance(noise)
    assert machine.earliest_start > machine.n_frames * GRID.hop_length - 10.1 * RATE
    assert len(machine._pauses) <= 2 * len(noise)
    assert len(machine._pauses._gaps) < 20


@pytest.mark.parametrize("value", [0.4, 1.1, float("nan")])
def test_a_threshold_that_cannot_act_is_refused(value):
    with pytest.raises(ConfigError, match=r"confirm_threshold must lie in \[onset_threshold, 1\] = \[0.5, 1\]; "):
        DecisionRule(confirm_threshold=value)


def test_a_rule_without_the_field_is_read_as_before():
    old = {name: value for name, value in DecisionRule().to_dict().items() if name != "confirm_threshold"}
    assert DecisionRule.from_dict(old) == DecisionRule()
    rule = DecisionRule(confirm_threshold=0.9)
    assert DecisionRule.from_dict(rule.to_dict()) == rule
    assert rule.replace({"confirm_threshold": None}) == DecisionRule()
