"""The tables of a study, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from vad.config.model import Cell
from vad.config.study import GateBias
from vad.study.gains import Gains
from vad.study.results import MemoryName
from vad.study.summary import MEMORY_TASKS, Summary, median_gain, memory_state

_NOTHING = "–"
_GAIN_DISTANCE = 100


def tables(summary: Summary) -> dict[str, str]:
    """Returns the tables that there are results for by name, each below a line that says what it shows."""
    found = {
        "speech": _speech(summary),
        "memory": _memory(summary),
        "gains": _gains(summary),
        "cost": _cost(summary),
    }
    return {name: text for name, text in found.items() if text}


def to_markdown(summary: Summary) -> str:
    """Returns all tables, one after the other."""
    return "\n".join(tables(summary).values())


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
    return f"{title}\n\n" + "\n".join(lines) + "\n"


def _speech(summary: Summary) -> str:
    if not summary.speech:
        return ""
    rows = []
    for variant in summary.study.variants:
        aucs = summary.aucs(variant)
        if not aucs:
            rows.append([variant, *[_NOTHING] * 4])
            continue
        results = summary.speech[variant]
        epochs = ", ".join(str(result.best_epoch) for result in results)
        rows.append([variant, f"{results[0].parameters:,}", mean_and_spread(aucs), _each(aucs), epochs])
    head = ("variant", "weights", "dev ROC-AUC", "by seed", "best epoch by seed")
    return _table(f"On speech, {seeds_text(summary)}: mean and standard deviation.", head, rows)


def _memory(summary: Summary) -> str:
    if not summary.memory:
        return ""
    columns = [(task, bias) for task in MEMORY_TASKS for bias in summary.study.memory.gate_biases]
    rows = [
        [variant, *(span_text(summary, task, bias, variant) for task, bias in columns)]
        for variant in summary.study.variants
    ]
    head = ("variant", *(f"{task}, bias {bias}" for task, bias in columns))
    return _table(f"Memory span in steps, {seeds_text(summary)}: the median, and each where they differ.", head, rows)


def span_text(summary: Summary, task: MemoryName, bias: GateBias, variant: Cell) -> str:
    """Returns the spans of a variant: the median, and each where they differ."""
    spans = summary.spans(task, bias, variant)
    if not spans:
        return _NOTHING
    middle = f"{statistics.median_low(spans):,}"
    return middle if len(set(spans)) == 1 else f"{middle} ({', '.join(f'{span:,}' for span in spans)})"


def _gains(summary: Summary) -> str:
    if not (summary.fresh or summary.speech):
        return ""
    biases = summary.study.memory.gate_biases
    rows = []
    for variant in summary.study.variants:
        columns: list[list[Gains]] = [
            *(summary.fresh_gains(bias, variant) for bias in biases),
            summary.cue_gains(biases[0], variant),
            *(summary.speech_gains(variant, when) for when in ("before", "after")),
        ]
        known = next((found[0] for found in columns if found), None)
        state = _NOTHING if known is None else memory_state(known)
        rows.append([variant, state, *(_gain(found, state) for found in columns)])
    fresh = [f"cue, bias {bias}, fresh" for bias in biases]
    head = ("variant", "state", *fresh, f"cue, bias {biases[0]}, trained", "speech, fresh", "speech, trained")
    longest = f"{summary.study.memory.lengths[-1]:,}"
    title = (
        f"Gain of the remembering state over {_GAIN_DISTANCE} steps, median over the seeds: fresh networks for a cue "
        f"over {longest} steps, those trained on the longest cue task that they came to, and those for speech."
    )
    return _table(title, head, rows)


def _gain(found: Sequence[Gains], state: str) -> str:
    value = median_gain(found, state, _GAIN_DISTANCE)
    if value is None:
        return _NOTHING
    return f"{value:.2f}" if value >= 0.01 else f"{value:.0e}"


def _cost(summary: Summary) -> str:
    speed = summary.speed
    if speed is None:
        return ""
    rows = []
    for variant in summary.study.variants:
        if variant not in speed.frames_per_s:
            continue
        low, middle, high = speed.relative[variant]
        steps = [f"{found[variant]:.2f}" if variant in found else _NOTHING for found in speed.step_us.values()]
        rows.append([variant, f"{speed.frames_per_s[variant]:,}", f"{middle:.2f} ({low:.2f}–{high:.2f})", *steps])
    calls = (f"step model, {k} {'frame' if k == '1' else 'frames'} a call, µs a frame" for k in speed.step_us)
    head = ("variant", "training, frames/s", "against the first (quartiles)", *calls)
    rows_of, frames = speed.batch
    title = f"Cost in processor time on {speed.machine}; training on batches of {rows_of} excerpts of {frames} frames."
    return _table(title, head, rows)


def seeds_text(summary: Summary) -> str:
    """Returns which seeds there are."""
    seeds = summary.study.seeds
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def mean_and_spread(values: Sequence[float]) -> str:
    """Returns mean and standard deviation; of one value, the value."""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}"


def _each(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)
