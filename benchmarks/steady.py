"""What an hour of one steady sound leaves behind: whether an engine then hears who speaks, and what it took for speech.

    VAD_DATA_HOME=... python benchmarks/steady.py --output benchmarks/steady.md

An engine with a state may count under a sound that never changes, until it is deaf or sure of something. One stream
for each sound: an hour of it, made out of nothing, and right behind it two minutes of the clean recordings of
`accuracy.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import accuracy
import click
import numpy as np
from evaluation_set import RATE, Samples, seeded
from numpy.typing import NDArray

from vad.audio import read
from vad.errors import VadError
from vad.labels import timeline_to_labels
from vad.manifests import Recording, read_manifest
from vad.metrics import CELLS, values_at_cells
from vad.peers import Engine
from vad.segments import Timeline

HOUR_S = 3600
SPOKEN_S = 120.0


def hiss(level_db: float) -> Callable[[int], Samples]:
    """Returns what makes white noise of a level."""
    scale = np.float32(10 ** (level_db / 20))
    return lambda size: scale * seeded(0, "hiss").standard_normal(size, dtype=np.float32)


def tone(hertz: int) -> Callable[[int], Samples]:
    """Returns what makes a sine of an amplitude of 0.1; the frequency has whole periods in a second."""
    second = 0.1 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)
    return lambda size: np.resize(second.astype(np.float32), size)


def sawtooth(hertz: int) -> Callable[[int], Samples]:
    """Returns what makes a harmonic sound, all harmonics in it, aliased ones too."""
    second = 0.1 * (hertz * np.arange(RATE) / RATE % 1 - 0.5)
    return lambda size: np.resize(second.astype(np.float32), size)


def clicks(size: int) -> Samples:
    """Returns a click a second."""
    sound = np.zeros(size, np.float32)
    sound[::RATE] = 0.5
    return sound


SOUNDS: dict[str, Callable[[int], Samples]] = {
    "digital silence": lambda size: np.zeros(size, np.float32),
    "a constant offset": lambda size: np.full(size, 0.05, np.float32),
    "white noise at -60 dB": hiss(-60),
    "white noise at -30 dB": hiss(-30),
    "white noise at -10 dB": hiss(-10),
    "a tone of 200 Hz": tone(200),
    "a tone of 1 kHz": tone(1000),
    "a motor: 30 Hz and its harmonics": sawtooth(30),
    "hum: 50 Hz and its harmonics": sawtooth(50),
    "a buzz: 120 Hz and its harmonics": sawtooth(120),
    "a click a second": clicks,
}


@click.command(context_settings={"show_default": True})
@accuracy.options_of_three
def main(engines: str, model: Path | None, manifests: Path, cache: Path, output: Path | None) -> None:
    """Streams the sounds and writes the page."""
    try:
        found = [accuracy.engine(name.strip(), model) for name in engines.split(",")]
        folder = accuracy.prepared(cache=cache, manifests=manifests, split="dev", minutes=10.0, seed=0)
        rows = read_manifest(folder / "manifest.jsonl")
        samples, speech = joined([row for row in rows if row.source == "clean"], folder, SPOKEN_S)
    except VadError as error:
        raise click.ClickException(str(error)) from error
    labels = labelled(samples, speech)
    alone = [hits(heard(engine, samples[:0], samples)[0], labels, engine) for engine in found]
    after: dict[str, list[tuple[float, float]]] = {}
    for name, make in SOUNDS.items():
        sound = make(HOUR_S * RATE)
        both = [(engine, *heard(engine, sound, samples)) for engine in found]
        after[name] = [(hits(values, labels, engine), false_s) for engine, values, false_s in both]
    accuracy.publish(page([engine.name for engine in found], alone, after), output)


def joined(rows: Sequence[Recording], folder: Path, length_s: float) -> tuple[Samples, Timeline]:
    """Returns the first recordings of at least so many seconds, one behind another, and their speech.

    Raises:
        VadError: one cannot be read.
    """
    parts: list[Samples] = []
    speech, end_s = Timeline(), 0.0
    for row in rows:
        if end_s >= length_s:
            break
        parts.append(read(folder / row.audio, sample_rate=RATE, duration_s=row.duration_s))
        speech = speech.union((row.speech or Timeline()).shift(end_s))
        end_s += parts[-1].size / RATE
    return np.concatenate(parts), speech


def labelled(samples: Samples, speech: Timeline) -> NDArray[np.bool_]:
    """Returns which cells of 10 ms are speech."""
    return timeline_to_labels(speech, CELLS.count(samples.size), CELLS)[0].astype(np.bool_)


def heard(engine: Engine, before: Samples, samples: Samples) -> tuple[NDArray[np.float32], float]:
    """Returns an engine's values in the cells of a recording behind a sound, and the seconds of speech in the sound."""
    stream = engine.start()
    for sound in (before, samples):
        for start in range(0, sound.size, 60 * RATE):
            stream.push(sound[start : start + 60 * RATE])
    output = stream.finish()
    at = before.size / RATE
    inside = output.times >= at
    values = values_at_cells(output.times[inside] - at, output.values[inside], CELLS.count(samples.size))
    return values, output.speech.crop(0.0, at).speech_s if at else 0.0


def hits(values: NDArray[np.float32], labels: NDArray[np.bool_], engine: Engine) -> float:
    """Returns the share of the speech that an engine finds at its own threshold."""
    return float(np.mean(values[labels] >= engine.threshold))


def page(engines: Sequence[str], alone: Sequence[float], after: dict[str, list[tuple[float, float]]]) -> str:
    """Returns the Markdown page."""
    found = [["nothing", *(f"{share:.1%}" for share in alone)]]
    found += [[name, *(f"{share:.1%}" for share, _ in each)] for name, each in after.items()]
    false = [[name, *(f"{false_s:.1f}" for _, false_s in each)] for name, each in after.items()]
    lines = [
        "# After an hour of a steady sound",
        "",
        "    VAD_DATA_HOME=… python benchmarks/steady.py --output benchmarks/steady.md",
        "",
        "## Speech found behind it at the engine's own threshold",
        "",
        *accuracy.table(["an hour of", *engines], found),
        "",
        "## Seconds in it that are taken for speech",
        "",
        *accuracy.table(["an hour of", *engines], false),
        "",
        accuracy.versions(),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
