"""What a study says: its results gathered by variant."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vad.config.model import Cell
from vad.config.study import GateBias, StudyConfig
from vad.study.folder import StudyFolder
from vad.study.gains import Gains
from vad.study.results import MemoryName, MemoryResult, MemoryTrial, SpeechResult, SpeechTrial, SpeedResult
from vad.study.run import Chain, biases_of, memory_trials

MEMORY_TASKS: tuple[MemoryName, ...] = ("adding", "cue")
Key = tuple[MemoryName, GateBias, Cell]


@dataclass(slots=True)
class Summary:
    """The results of a study, as far as it has been run.

    Attributes:
        study: its config.
        speech: by variant, one result for each seed.
        memory: by task, bias and variant, for each seed the results by length, from the shortest on.
        fresh: gains of networks that have not learnt the cue task of the longest length yet, by bias and variant, for
            each seed.
        speed: what the variants cost; None where that has not been measured.
    """

    study: StudyConfig
    speech: dict[Cell, list[SpeechResult]] = field(default_factory=dict)
    memory: dict[Key, list[dict[int, MemoryResult]]] = field(default_factory=dict)
    fresh: dict[tuple[GateBias, Cell], list[Gains]] = field(default_factory=dict)
    speed: SpeedResult | None = None

    def chains(self, task: MemoryName, bias: GateBias, variant: Cell) -> list[dict[int, MemoryResult]]:
        """Returns the results of all seeds; a variant without gates has the same ones under every bias."""
        return self.memory.get((task, self._own_bias(bias, variant), variant), [])

    def _own_bias(self, bias: GateBias, variant: Cell) -> GateBias:
        biases = biases_of(self.study, variant)
        return bias if bias in biases else biases[0]

    def spans(self, task: MemoryName, bias: GateBias, variant: Cell) -> list[int]:
        """Returns for every seed the longest length that was solved, with all shorter ones; 0 where none was.

        Seeds that are not through with their lengths are left out.
        """
        lengths = self.study.memory.lengths
        spans = []
        for chain in self.chains(task, bias, variant):
            solved = [length for length, result in chain.items() if result.solved]
            if len(chain) > len(solved) or len(solved) == len(lengths):
                spans.append(max(solved, default=0))
        return spans

    def aucs(self, variant: Cell) -> list[float]:
        """Returns the dev ROC-AUC of every seed."""
        return [result.roc_auc for result in self.speech.get(variant, [])]

    def fresh_gains(self, bias: GateBias, variant: Cell) -> list[Gains]:
        """Returns the gains of all seeds before they learn the cue task of the longest length."""
        return self.fresh.get((self._own_bias(bias, variant), variant), [])

    def cue_gains(self, bias: GateBias, variant: Cell) -> list[Gains]:
        """Returns the gains of all seeds that were trained on the longest cue task that any of them came to."""
        chains = self.chains("cue", bias, variant)
        longest = max((max(chain) for chain in chains), default=0)
        found = [chain[longest].gains for chain in chains if longest in chain]
        return [gains for gains in found if gains is not None]

    def speech_gains(self, variant: Cell, when: str) -> list[Gains]:
        """Returns the gains of all seeds on speech; `when` is ``before`` or ``after`` training."""
        return [getattr(result, f"gains_{when}") for result in self.speech.get(variant, [])]


def summarize(study: StudyConfig, folder: StudyFolder) -> Summary:
    """Gathers what is in the folder of a study.

    Raises:
        ModelError: a result cannot be read.
    """
    summary = Summary(study, speed=folder.speeds())
    for variant in study.variants:
        found = [folder.speech(SpeechTrial(variant, seed)) for seed in study.seeds]
        if any(result is not None for result in found):
            summary.speech[variant] = [result for result in found if result is not None]
        for task in MEMORY_TASKS:
            for bias in biases_of(study, variant):
                if task == "cue":
                    _add_fresh(summary, folder, bias, variant)
                kept = [chain for chain in _found_chains(study, folder, (task, bias, variant)) if chain]
                if kept:
                    summary.memory[task, bias, variant] = kept
    return summary


def _add_fresh(summary: Summary, folder: StudyFolder, bias: GateBias, variant: Cell) -> None:
    study = summary.study
    trials = [MemoryTrial("cue", bias, variant, seed, study.memory.lengths[-1]) for seed in study.seeds]
    found = [result.gains for result in map(folder.fresh, trials) if result is not None]
    if found:
        summary.fresh[bias, variant] = found


def _found_chains(study: StudyConfig, folder: StudyFolder, key: Key) -> Iterator[dict[int, MemoryResult]]:
    task, bias, variant = key
    for seed in study.seeds:
        trials = memory_trials(study, Chain(task, variant, seed, bias))
        results = {trial.length: folder.memory(trial) for trial in trials}
        yield {length: result for length, result in results.items() if result is not None}


def memory_state(gains: Gains) -> str:
    """Returns the name of the state that is to remember: the cell, or the output where there is none."""
    return "c" if "c" in gains else "h"


def median_gain(found: Sequence[Gains], state: str, distance: int) -> float | None:
    """Returns the median over seeds of a gain at the measured distance that is closest; None where there is none."""
    values = []
    for gains in found:
        index = min(range(len(gains["distance"])), key=lambda i: abs(gains["distance"][i] - distance))
        value = gains[state][index]
        if value is not None:
            values.append(value)
    return statistics.median(values) if values else None
