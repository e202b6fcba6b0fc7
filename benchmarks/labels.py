"""Labels that machines give against speech whose boundaries are known; `label_references.py` says what is known.

    VAD_DATA_HOME=… python benchmarks/labels.py [--output benchmarks/labels.md]

Errors are estimate minus reference, in milliseconds: median and quartiles. Speech closer together than 0.15 s is one
piece of speech, in references as in labels: that is the rule for pauses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from label_references import RATE, Take, labelled_takes, spoken_takes, with_noise
from numpy.typing import NDArray

from vad.data.relabel import Labeller
from vad.labels import LabelRule, energy_segments
from vad.manifests import data_home
from vad.metrics import SegmentPool
from vad.peers import load_peer
from vad.segments import Timeline

Find = Callable[[NDArray[np.float32]], Timeline]
PAUSE_S = 0.15
RULE = LabelRule()
RULES = {
    "energy": RULE,
    "energy, onset 12 dB, offset 7 dB": replace(RULE, onset_db=12.0, offset_db=7.0),
    "energy, breaths are speech": replace(RULE, weak_range_db=RULE.max_range_db),
    "energy, 25 dB of range": replace(RULE, max_range_db=25.0),
    "energy, 45 dB of range": replace(RULE, max_range_db=45.0),
}
COLUMNS = ("labels", "onset error, ms", "offset error, ms", "frames wrong", "speech missed", "pauses of 200 ms found")


def finders() -> dict[str, Find]:
    """Returns what labels, by name."""
    found: dict[str, Find] = {name: lambda x, rule=rule: energy_segments(x, RATE, rule) for name, rule in RULES.items()}
    found["model"] = Labeller("model").prepare()
    found["energy and model"] = Labeller("both").prepare()
    silero = load_peer("silero")

    def by_silero(samples: NDArray[np.float32]) -> Timeline:
        stream = silero.start()
        stream.push(samples)
        return stream.finish().speech

    found["Silero"] = by_silero
    return found


def row(takes: list[Take], find: Find) -> list[str]:
    """Returns what one way of labelling gets wrong over recordings."""
    pool = SegmentPool()
    for take in takes:
        pool.add(joined(take.speech), find(take.samples), len(take.samples) / RATE)
    onsets, offsets = pool.delays()
    measures = pool.measures()
    missed_s = (measures["fec"] + measures["msc"]) * pool.speech_s
    added_s = (measures["over"] + measures["nds"]) * pool.nonspeech_s
    wrong = (missed_s + added_s) / (pool.speech_s + pool.nonspeech_s)
    found = f"{measures['pauses_found']:.0%}" if sum(c.pauses for c in pool.counts) else "–"
    return [errors(onsets), errors(offsets), f"{wrong:.1%}", f"{missed_s / pool.speech_s:.1%}", found]


def errors(delays: NDArray[np.float64]) -> str:
    """Returns median and quartiles in milliseconds."""
    low, middle, high = np.percentile(np.asarray(delays) * 1000, [25, 50, 75])
    return f"{middle:+.0f} [{low:+.0f}, {high:+.0f}]"


def joined(speech: Timeline) -> Timeline:
    """Returns speech with pauses up to `PAUSE_S` filled."""
    pieces: list[list[float]] = []
    for segment in speech:
        if pieces and segment.start - pieces[-1][1] <= PAUSE_S:
            pieces[-1][1] = segment.end
        else:
            pieces.append([segment.start, segment.end])
    return Timeline.from_pairs((start, end) for start, end in pieces)


def tables() -> Iterator[str]:
    """Yields one table for each reference."""
    spoken, hand = spoken_takes(), labelled_takes("emu-demo", data_home())
    sets = {"hand: sentences with phones labelled by people": hand, "spoken: a synthesizer's own times": spoken}
    found = finders()
    for name, takes in sets.items():
        for below_db in (None, 30.0, 20.0):
            noise = "" if below_db is None else f", over noise {below_db:g} dB below"
            noisy = list(with_noise(takes, below_db))
            lines = [f"| {' | '.join([label, *row(noisy, find)])} |" for label, find in found.items()] if noisy else []
            head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
            yield "\n".join([f"## {name}{noise}", "", f"{len(noisy)} recordings.", "", head, *lines])


@click.command()
@click.option("--output", type=click.Path(path_type=Path), help="Markdown file; else the terminal.")
def main(output: Path | None) -> None:
    """Measures labels and prints the tables."""
    said = (__doc__ or "").split("\n\n")
    page = "\n\n".join(["# Labels that machines give", said[1], said[2].strip(), *tables()]) + "\n"
    if output is None:
        click.echo(page)
    else:
        output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
