"""Chooses the thresholds and durations of a decision rule on labelled recordings.

The posteriors are computed once. Rules are then tried on all recordings at once (`spans`), and the one that is chosen
is judged by the decision machine itself, with intervals over recordings.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vad.decision import DecisionRule
from vad.errors import ConfigError, did_you_mean
from vad.metrics import bootstrap
from vad.tuning.bank import Bank, fill_bank
from vad.tuning.costs import COSTS, DELAY_SHARE, SETTLED_S, Judge, delay_at
from vad.tuning.search import SEARCHED, Aim, Search
from vad.tuning.spans import Finder

__all__ = ["COSTS", "DELAY_SHARE", "SEARCHED", "Aim", "Bank", "Judged", "Tuned", "fill_bank", "tune"]

# Onsets of the table around the one that was chosen.
_SWEEP = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule and what it costs, pooled over the recordings.

    Args:
        rule: thresholds and durations.
        measures: f1, dcf, der, miss_rate, false_alarm_rate; alarms_per_hour, segments in an hour of recordings without
            speech; unheard_rate, the share of the recordings with speech of which none is found; and delay_p50_s and
            delay_p90_s: how long after the end of speech that end is known.
    """

    rule: DecisionRule
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tuning found.

    Args:
        aim: what was searched for.
        before: the rule that the search began with.
        after: the rule that it chose.
        trade_off: the chosen rule at other thresholds, the onset rising.
        intervals: by name, the 95 % interval of the cost ``before`` and ``after``, and of the ``change``.
        n_recordings: recordings that were tuned on.
        n_tried: rules that were tried.
    """

    aim: Aim
    before: Judged
    after: Judged
    trade_off: list[Judged]
    intervals: dict[str, tuple[float, float]]
    n_recordings: int
    n_tried: int


def tune(bank: Bank, start: DecisionRule, aim: Aim, *, held: Collection[str] = (), n_resamples: int = 200) -> Tuned:
    """Chooses a rule.

    Args:
        bank: the recordings.
        start: the rule to begin with; what is not in `SEARCHED` stays.
        aim: what is searched for.
        held: fields of `SEARCHED` that stay as well.
        n_resamples: bootstrap resamples of the recordings for the intervals; 0 for none.

    Raises:
        ConfigError: when the cost or a field is unknown, a bound means nothing, there is no recording, nothing is left
            to search, or no rule keeps the bounds.
    """
    if aim.cost not in COSTS:
        raise ConfigError(f"tune: no cost {aim.cost!r}{did_you_mean(aim.cost, COSTS)}; there are {', '.join(COSTS)}")
    if aim.max_delay_s is not None and not (math.isfinite(aim.max_delay_s) and aim.max_delay_s > 0):
        raise ConfigError(f"tune: max_delay_s must be a positive number of seconds; received {aim.max_delay_s}")
    alarms = aim.max_alarms_per_hour
    if alarms is not None and not (math.isfinite(alarms) and alarms > 0):
        raise ConfigError(f"tune: max_alarms_per_hour must be a positive number; received {alarms}")
    if aim.max_unheard is not None and not 0 < aim.max_unheard < 1:
        raise ConfigError(f"tune: max_unheard must be a share between 0 and 1; received {aim.max_unheard}")
    if not len(bank):
        raise ConfigError("tune: there is no labelled recording to tune on")
    if not set(SEARCHED) - set(held):
        raise ConfigError("tune: every field is held, nothing is left to search")
    settled_s = SETTLED_S if aim.max_delay_s is None else max(SETTLED_S, aim.max_delay_s)
    finder, judge = Finder(bank), Judge(bank, settled_s=settled_s)
    if alarms is not None and math.isnan(judge.alarms_per_hour(finder.find(start))):
        raise ConfigError(
            f"tune: at most {alarms:g} false alarms an hour of recordings without speech, and all {len(bank)} hold "
            "some: add recordings whose labels are empty"
        )
    search = Search(finder, judge, aim)
    chosen = search.best(start, held)
    rules = [_at(chosen, onset) for onset in sorted({*_SWEEP, chosen.onset_threshold})]
    return Tuned(
        aim,
        _judged(bank, finder, judge, start),
        _judged(bank, finder, judge, chosen),
        [_judged(bank, finder, judge, chosen if rule.onset_threshold == chosen.onset_threshold else rule)
         for rule in rules],
        _intervals(bank, judge, (start, chosen), aim.cost, n_resamples),
        len(bank),
        search.n_tried,
    )  # fmt: skip


def _at(rule: DecisionRule, onset: float) -> DecisionRule:
    """Returns a rule at another onset; the offset keeps its distance, and what confirms is raised where it must."""
    drop, confirm = rule.onset_threshold - rule.offset_threshold, rule.confirm_threshold
    changes = {"onset_threshold": onset, "offset_threshold": max(0.005, min(onset, onset - drop))}
    return rule.replace({**changes, "confirm_threshold": None if confirm is None else max(confirm, onset)})


def _judged(bank: Bank, finder: Finder, judge: Judge, rule: DecisionRule) -> Judged:
    found = finder.find(rule)
    delays = judge.delays(found)
    counts = judge.count_frames(bank.decided(rule))
    measures = counts.measures()
    measures |= {"alarms_per_hour": judge.alarms_per_hour(found), "unheard_rate": counts.unheard_rate()}
    return Judged(rule, {**measures, "delay_p50_s": delay_at(delays, 0.5), "delay_p90_s": delay_at(delays)})


def _intervals(
    bank: Bank, judge: Judge, rules: tuple[DecisionRule, DecisionRule], cost: str, n_resamples: int
) -> dict[str, tuple[float, float]]:
    before, after = (judge.count_frames(bank.decided(rule)) for rule in rules)

    def measure(weights: NDArray[np.int64]) -> dict[str, float]:
        values = {"before": before.measures(weights)[cost], "after": after.measures(weights)[cost]}
        return {**values, "change": values["after"] - values["before"]}

    return bootstrap(measure, len(bank), n_resamples=n_resamples)
