"""Engines of known behaviour on generated recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.errors import ConfigError
from vad.evaluation import ALL, Estimate, Report, Result, Summary, evaluate
from vad.manifests import Recording
from vad.peers import EngineOutput
from vad.segments import Timeline

_RATE = 16000


@dataclass
class _Loud:
    """Says speech wherever a cell holds anything but zeros: the recordings below are made for it."""

    name: str = "loud"
    late_s: float = 0.0
    description: str = "loud: not zero"
    threshold: float = 0.5
    is_probability: bool = True

    def start(self) -> _Stream:
        return _Stream(self.late_s)


class _Stream:
    def __init__(self, late_s: float) -> None:
        self._chunks: list[np.ndarray] = []
        self._late_s = late_s

    def push(self, chunk: np.ndarray) -> None:
        self._chunks.append(chunk)

    def finish(self) -> EngineOutput:
        samples = np.concatenate(self._chunks)
        loud = (np.abs(samples[: samples.size // 160 * 160]).reshape(-1, 160) > 0.01).any(axis=1)
        edges = np.flatnonzero(np.diff(loud.astype(int), prepend=0, append=0)).reshape(-1, 2) / 100
        times = (np.arange(loud.size) + 0.5) / 100 + self._late_s
        return EngineOutput(times, loud.astype(np.float32), Timeline.from_pairs(edges + self._late_s))


def _recording(home: Path, name: str, speech: list | None, *, heard: list | None = None, **fields) -> Recording:
    """Writes two seconds that are loud in the spans `heard`, or in the labels."""
    samples = np.zeros(2 * _RATE)
    for start, end in (speech if heard is None else heard) or []:
        samples[int(start * _RATE) : int(end * _RATE)] = 0.5
    path = home / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, _RATE)
    row = {"kind": "labelled" if speech else "noise", "speaker": None, "language": None, "split": "dev", **fields}
    return Recording(
        id=name,
        audio=f"{name}.wav",
        offset_s=0.0,
        duration_s=2.0,
        speech=None if speech is None else Timeline.from_pairs(speech),
        label_source="none" if speech is None else "reference",
        license="CC0-1.0",
        tier="permissive",
        **row,
    )


def _value(report: Report, name: str, condition: str | None = None, engine: str = "loud") -> float:
    (result,) = [
        r for r in report.results if r.engine == engine and r.condition in (ALL if condition is None else condition,)
    ]
    return result.measures[name].value


def test_a_perfect_engine_is_perfect(tmp_path: Path) -> None:
    rows = [_recording(tmp_path, "a/1", [(0.5, 1.0), (1.5, 2.0)]), _recording(tmp_path, "a/2", [])]
    report = evaluate(rows, [_Loud()], tmp_path)
    assert _value(report, "roc_auc") == 1
    assert _value(report, "f1") == 1
    assert _value(report, "detection_error_rate") == 0
    assert _value(report, "calibration_error") == 0
    assert _value(report, "pauses_found") == 1
    (result,) = report.results
    assert (result.n_recordings, result.speech_s, result.nonspeech_s) == (2, 1.0, 3.0)


def test_a_recording_without_speech_is_all_false_alarm(tmp_path: Path) -> None:
    rows = [_recording(tmp_path, "a/1", [], heard=[(0.5, 1.0)])]
    report = evaluate(rows, [_Loud()], tmp_path)
    assert _value(report, "false_alarm_rate") == 0.25
    assert _value(report, "false_alarms_per_hour") == pytest.approx(1800)
    assert np.isnan(_value(report, "roc_auc"))


def test_a_late_engine_is_charged_for_it_and_the_best_shift_says_so(tmp_path: Path) -> None:
    rows = [_recording(tmp_path, "a/1", [(0.5, 1.0)])]
    report = evaluate(rows, [_Loud(), _Loud("late", 0.03)], tmp_path)
    assert _value(report, "roc_auc", engine="late") < _value(report, "roc_auc") == 1
    assert _value(report, "onset_delay_p50_s", engine="late") == pytest.approx(0.03)
    assert _value(report, "best_shift_s", engine="late") == pytest.approx(-0.03)
    assert _value(report, "best_shift_roc_auc", engine="late") == 1


def test_the_collar_is_the_same_for_cells_and_segments(tmp_path: Path) -> None:
    rows = [_recording(tmp_path, "a/1", [(0.5, 1.0)])]
    report = evaluate(rows, [_Loud("late", 0.03)], tmp_path, collar_s=0.06)
    assert _value(report, "roc_auc", engine="late") == 1
    assert _value(report, "detection_error_rate", engine="late") == pytest.approx(0, abs=1e-9)


def test_the_cut_at_the_end_of_a_recording_has_no_collar(tmp_path: Path) -> None:
    # Speech to the very end, of which the last 50 ms are missed: a collar there would forgive it.
    rows = [_recording(tmp_path, "a/1", [(1.0, 2.0)], heard=[(1.0, 1.95)])]
    report = evaluate(rows, [_Loud()], tmp_path, collar_s=0.1)
    assert _value(report, "miss_rate") == pytest.approx(5 / 95)
    assert _value(report, "detection_error_rate") == pytest.approx(0.05 / 0.95)


def test_unlabelled_is_counted_and_broken_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [_recording(tmp_path, f"a/{i}", speech) for i, speech in enumerate([None, [(0.5, 1.0)], [], []])]
    (tmp_path / "a" / "2.wav").write_text("no audio")
    (tmp_path / "a" / "3.wav").unlink()
    seconds: list[float] = []
    report = evaluate(rows, [_Loud()], tmp_path, progress=seconds.append)
    assert report.n_unlabelled == 1
    assert [failure.recording for failure in report.failures] == ["a/2", "a/3"]
    assert "2.wav" in report.failures[0].reason
    assert "not found" in report.failures[1].reason
    assert [result.n_recordings for result in report.results] == [1]
    assert sum(seconds) == 6


def test_conditions(tmp_path: Path) -> None:
    rows = [
        _recording(tmp_path, "a/1", [(0.5, 1.0)], language="de"),
        _recording(tmp_path, "b/1", [], heard=[(0, 1)]),
    ]
    for by, names in {"source": ["a", "b"], "kind": ["labelled", "noise"], "language": ["de", "unknown"]}.items():
        report = evaluate(rows, [_Loud()], tmp_path, summary=Summary(by=by))
        assert [result.condition for result in report.results] == [*names, ALL]
    assert _value(report, "false_alarm_rate", "unknown") == 0.5
    report = evaluate(rows, [_Loud()], tmp_path, summary=Summary(by="split"))
    assert [result.condition for result in report.results] == ["dev"]  # all of them: said once


def test_intervals_hold_the_value_and_repeat(tmp_path: Path) -> None:
    spans = [[(0.5, 1.0)], [(0.2, 0.9)], [(1.1, 1.7)], [(0.3, 1.8)]]
    rows = [_recording(tmp_path, f"a/{i}", [(a, b)], heard=[(a + 0.1 * i, b)]) for i, [(a, b)] in enumerate(spans)]
    reports = [evaluate(rows, [_Loud()], tmp_path, summary=Summary(n_resamples=50)) for _ in range(2)]
    assert json.dumps(reports[0].to_dict()) == json.dumps(reports[1].to_dict())
    estimate = reports[0].results[0].measures["miss_rate"]
    assert estimate.low < estimate.value < estimate.high
    assert reports[0].results[0].measures["false_alarm_rate"] == Estimate(0.0, 0.0, 0.0)


def test_json_has_no_nan(tmp_path: Path) -> None:
    report = evaluate([_recording(tmp_path, "a/1", [])], [_Loud()], tmp_path)
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert json.loads(text)["results"][0]["measures"]["roc_auc"] == {"value": None, "low": None, "high": None}


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="different names"):
        evaluate([], [_Loud(), _Loud()], tmp_path)
    with pytest.raises(ConfigError, match="collar_s"):
        evaluate([], [_Loud()], tmp_path, collar_s=-1)
    with pytest.raises(ConfigError, match="did you mean 'language'"):
        evaluate([], [_Loud()], tmp_path, summary=Summary(by="langage"))


def test_nothing_to_score_is_an_empty_report(tmp_path: Path) -> None:
    assert evaluate([], [_Loud()], tmp_path).results == []
    assert isinstance(Result("a", "b", 0, 0.0, 0.0, {}), Result)
