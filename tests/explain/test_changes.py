"""Changes that are said to flip a decision do so, and those of the level are what a gain of the sound does."""

from __future__ import annotations

import numpy as np
import pytest

from vad.audio import read
from vad.detector import Detector
from vad.explain import Explanation, Target, explain, forward
from vad.explain.bands import band_groups
from vad.explain.words import changes_words
from vad.features.spec import FeatureSpec
from vad.pictures import Source


@pytest.fixture(scope="module")
def early(recording: object, detector: Detector) -> Explanation:
    """The end of a segment soon after the start of the recording: all before is within reach, much flips it."""
    first = detector.detect(recording)[0]
    return explain(Source(recording), detector, span=(0.0, 5.0), at=first.end - 0.005)


def test_bands_are_shared_out_among_groups() -> None:
    groups = band_groups(FeatureSpec())
    assert [name for name, _ in groups] == [
        "below 300 Hz", "300 to 1000 Hz", "1000 to 2500 Hz", "2500 to 4000 Hz", "above 4000 Hz",
    ]  # fmt: skip
    np.testing.assert_array_equal(sum(bands.astype(int) for _, bands in groups), 1)


def test_the_target_is_the_other_side_of_the_threshold() -> None:
    values = np.array([0.2, 0.5, 0.7])
    assert Target(True, 0.5).flips(values).tolist() == [True, False, False]
    assert Target(False, 0.5).flips(values).tolist() == [False, True, True]


def test_flips_are_flips_and_the_rest_is_not(early: Explanation) -> None:
    moment = early.moment
    assert moment.target.is_speech
    kinds = {change.kind for change in moment.changes}
    assert kinds == {"level", "band", "removal", "silence", "restart"}
    flips = [change.flips for change in moment.changes]
    assert flips == sorted(flips, reverse=True)
    assert flips[0]
    for change in moment.changes:
        assert change.flips == (change.posterior < moment.target.threshold)


def _with_gain(explanation: Explanation, bands: np.ndarray, first: int, db: float) -> float:
    """The posterior in float64 when bands get a gain from a step on."""
    trace, moment, floor = explanation.trace, explanation.moment, explanation.spec.log_floor
    frames = trace.frames.copy()
    power = np.exp(frames[first:, bands]) - floor
    frames[first:, bands] = np.log(np.maximum(0, power) * 10 ** (db / 10) + floor)
    return float(forward(explanation.network, frames, before=trace.before).posteriors[moment.step])


def test_amounts_are_enough_and_hardly_more_than_enough(early: Explanation) -> None:
    target = early.moment.target
    groups = {f"what lies at {name}": bands for name, bands in band_groups(early.spec)}
    groups |= {f"what lies {name}": bands for name, bands in band_groups(early.spec)}
    tried = 0
    for change in early.moment.changes:
        if change.kind == "band" and change.flips and change.subject in groups:
            bands, sign = groups[change.subject], np.sign(change.amount)
            found = _with_gain(early, bands, 0, change.amount)
            assert found == pytest.approx(change.posterior, abs=1e-3)
            less = _with_gain(early, bands, 0, change.amount - 0.2 * sign)
            assert not target.flips(np.array([less]))[0] or abs(change.amount) < 0.2
            tried += 1
    assert tried >= 2


def test_a_change_of_level_is_a_gain_of_the_sound(early: Explanation, detector: Detector, recording: object) -> None:
    change = next(
        one for one in early.moment.changes if one.kind == "level" and one.amount > 0 and "alone" not in one.subject
    )
    louder = read(recording) * np.float32(10 ** (change.amount / 20))
    found = detector.posteriors(louder).values[early.moment.frame]
    assert found == pytest.approx(change.posterior, abs=2e-3)


def test_silence_and_forgetting_are_as_long_as_they_say(early: Explanation) -> None:
    moment, trace = early.moment, early.trace
    at = moment.step - early.lookahead
    silence = next(one for one in moment.changes if one.kind == "silence" and "look-ahead" not in one.subject)
    frames = trace.frames.copy()
    frames[at - round(silence.amount / 0.01) : at] = np.log(early.spec.log_floor)
    found = forward(early.network, frames, before=trace.before).posteriors[moment.step]
    assert found == pytest.approx(silence.posterior, abs=1e-3)
    restart = next(one for one in moment.changes if one.kind == "restart")
    begun = at - round(restart.amount / 0.01)
    found = forward(early.network, trace.frames[begun:]).posteriors[moment.step - begun]
    assert found == pytest.approx(restart.posterior, abs=1e-3)


def test_words_tell_all_of_it_once(early: Explanation) -> None:
    lines = list(changes_words(early.moment))
    assert lines[0] == "It would not be speech if"
    flips = [change for change in early.moment.changes if change.flips]
    assert lines[1 : 1 + len(flips)] == [f"  {one.words} (posterior {one.posterior:.2f})" for one in flips]
    kept = lines[lines.index("It would still be speech if") + 1 : -1]
    subjects = [one.subject for one in early.moment.changes if not one.flips]
    assert len(kept) == len(set(subjects))
    assert not any("up to 40 dB weaker or up to" in line for line in lines)


def test_what_is_not_speech_has_its_own_words(recording: object, detector: Detector) -> None:
    found = explain(Source(recording), detector, span=(6.0, 7.5), at=6.6)
    assert not found.moment.target.is_speech
    assert found.moment.target.threshold == detector.rule.onset_threshold
    assert any(
        line in ("It would be speech if", "It would still not be speech if") for line in changes_words(found.moment)
    )


def test_the_first_frame_of_all_has_nothing_before_it(recording: object, detector: Detector) -> None:
    found = explain(Source(recording), detector, span=(0.0, 0.4), at=0.0)
    assert found.moment.frame == 0
    assert all(np.isfinite(one.posterior) for one in found.moment.changes)
    assert not any("before it were silent" in one.words for one in found.moment.changes)
