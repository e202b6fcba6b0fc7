"""Conditions that the recordings lack, made out of those they have: children, whispers, shouts, distance, faint lines.

    VAD_DATA_HOME=... python benchmarks/conditions.py --output benchmarks/conditions.md

Built, kept and scored as `accuracy.py` does it; nothing of `vad.data`, which mixes for training, is used. All but the
first and the last are stand-ins: the clean recordings of `evaluation_set.py`, changed.

* **meetings**, **sentences**: its hand-labelled recordings apart. People marked whole turns in the meetings, pauses
  inside and all, and every phone in the sentences.
* **child-1.25**, **child-1.4**: so many times as fast, which moves pitch and formants up as far as children's lie.
* **whispered**: what excites the resonances (linear prediction, 18 coefficients each 32 ms) is noise, no voice.
* **shouted**: treble raised by 6 dB an octave, then clipped for a tenth of the speech.
* **quiet-30**, **quiet-45**: turned down by so many decibels before 16 bits are stored.
* **far**: in a room, the direct sound 0 to 8 dB below the reverberation.
* **language-…**: words of the languages of the split that nobody speaks in the train split.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import accuracy
import click
import librosa
import numpy as np
from evaluation_set import (
    LENGTH,
    RATE,
    Corpus,
    Recipe,
    Samples,
    Take,
    clean_takes,
    in_room,
    loaded,
    seeded,
    with_pauses,
)
from scipy.signal import lfilter

from vad.errors import VadError
from vad.evaluation import Summary
from vad.manifests import Recording, read_manifests
from vad.segments import Segment, Timeline

HAND = {"meetings": "ami-excerpts", "sentences": "emu-demo"}
CHILD_SPEEDS = (1.25, 1.4)
QUIET_DB = (30, 45)
FAR_DB = (-8.0, 0.0)
CLIPPED = 0.1
ORDER, WINDOW = 18, 512


@click.command(context_settings={"show_default": True})
@click.option("--engines", default="vad,silero,webrtc,energy", help="Between commas; vad is this package's model.")
@click.option("--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one.")
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=accuracy.MANIFESTS)
@click.option("--minutes", type=click.FloatRange(min=1), default=10.0, help="Of each condition, at the most.")
@click.option("--bootstrap", type=click.IntRange(0), default=200, help="Resamples of recordings.")
@click.option("--seed", default=0, help="Of the set.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=accuracy.CACHE)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(engines: str, model: Path | None, bootstrap: int, output: Path | None, **made_of: Any) -> None:
    """Builds the set where it is not there, scores the engines, writes the page."""
    try:
        found = [accuracy.engine(name.strip(), model) for name in engines.split(",")]
        folder = accuracy.prepared(**made_of, split="dev", recipe=Recipe(Path(__file__).resolve(), conditions))
        report, order = accuracy.scored(found, folder, Summary("source", bootstrap))
    except VadError as error:
        raise click.ClickException(str(error)) from error
    made = f"split dev, seed {made_of['seed']}, at most {made_of['minutes']:g} min a condition"
    text = accuracy.page(report, order, made, title="Accuracy in conditions that the recordings lack")
    accuracy.publish(text, output)


def conditions(corpus: Corpus, count: int, seed: int) -> Iterator[tuple[str, list[Take]]]:
    """Yields each condition's name and recordings; conditions that the split has nothing for are left out."""
    labelled = corpus.of("labelled")
    for name, source in HAND.items():
        yield name, [Take(loaded(clip), row.speech or Timeline()) for row, clip in labelled if row.source == source]
    clean = list(clean_takes(corpus, count, seeded(seed, "clean")))
    for speed in CHILD_SPEEDS:
        yield f"child-{speed}", [faster(take, speed) for take in clean]
    random = seeded(seed, "whispered")
    yield "whispered", [Take(whispered(take.samples, random), take.speech) for take in clean]
    yield "shouted", [Take(shouted(take.samples), take.speech) for take in clean]
    for decibels in QUIET_DB:
        gain = np.float32(10 ** (-decibels / 20))
        yield f"quiet-{decibels}", [Take(take.samples * gain, take.speech) for take in clean]
    random = seeded(seed, "far")
    yield "far", [Take(in_room(take.samples, random, FAR_DB), take.speech) for take in clean]
    yield from unseen_languages(corpus, count, seed)


def unseen_languages(corpus: Corpus, count: int, seed: int) -> Iterator[tuple[str, list[Take]]]:
    """Yields recordings of words in each language that the train split has none of."""
    rows = read_manifests([corpus.manifests])
    trained = {row.language for row in rows if row.kind == "speech" and row.split == "train"}
    spoken: dict[str, float] = {}
    for row, _ in corpus.of("speech"):
        if row.language is not None and row.language not in trained:
            spoken[row.language] = spoken.get(row.language, 0.0) + row.duration_s
    for language, seconds in sorted(spoken.items()):
        random = seeded(seed, language)
        sources = corpus.in_turn("speech", random, partial(_speaks, language))
        # With the pauses between them, the words once or twice.
        takes = min(count, max(2, round(3 * seconds * RATE / LENGTH)))
        yield f"language-{language}", [with_pauses(next(sources)[1], random) for _ in range(takes)]


def _speaks(language: str, row: Recording) -> bool:
    return row.language == language


def faster(take: Take, speed: float) -> Take:
    """Plays a recording faster, so that pitch and formants rise with it."""
    samples = librosa.resample(take.samples, orig_sr=RATE * speed, target_sr=RATE)
    return Take(samples, Timeline(Segment(part.start / speed, part.end / speed) for part in take.speech))


def whispered(samples: Samples, random: np.random.Generator) -> Samples:
    """Whispers: frame by frame, noise as loud as what linear prediction leaves goes through the resonances it finds."""
    hop = WINDOW // 2
    padded = np.pad(samples, (WINDOW, WINDOW)).astype(np.float64)
    whisper = np.zeros_like(padded)
    window = np.hanning(WINDOW + 1)[:-1]
    for first in range(0, len(padded) - WINDOW, hop):
        frame = padded[first : first + WINDOW] * window
        if np.dot(frame, frame) > 1e-9:
            coefficients = librosa.lpc(frame, order=ORDER)
            left = lfilter(coefficients, [1.0], frame)
            noise = random.standard_normal(WINDOW) * np.sqrt(np.mean(left**2))
            whisper[first : first + WINDOW] += lfilter([1.0], coefficients, noise) * window
    return whisper[WINDOW:-WINDOW].astype(np.float32)


def shouted(samples: Samples) -> Samples:
    """Raises the treble and clips the loudest parts."""
    bright = np.diff(samples, prepend=samples[:1])
    loud = np.abs(bright[np.abs(bright) > 0.1 * np.abs(bright).max()])
    limit = np.quantile(loud, 1 - CLIPPED)
    clipped: Samples = np.clip(bright / limit, -1, 1).astype(np.float32) * np.float32(0.7)
    return clipped


if __name__ == "__main__":
    main()
