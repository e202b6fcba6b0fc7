"""Whether a detector that has run for hours is still the one that began.

    VAD_DATA_HOME=... python benchmarks/drift.py --output benchmarks/drift.md

One stream of six hours: ten minutes of labelled recordings, hours of other material out of the evaluation set of
`accuracy.py` (all its conditions in a seeded order, `examples/recording.wav` now and then, half an hour of digital
silence in its middle), and the same ten minutes again. Both hearings are scored on the frames and compared with each
other. Recordings are cut to whole hops, so that the frames of both hearings lie on the same samples. Memory does not
grow with the hours: recordings are read when their turn comes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import accuracy
import click
import numpy as np
from numpy.typing import NDArray

from vad.audio import read
from vad.detector import Detector
from vad.errors import VadError
from vad.files import replacing
from vad.formats import read_labels
from vad.labels import timeline_to_labels
from vad.manifests import Recording, read_manifest
from vad.metrics import FramePool, frame_measures
from vad.segments import Timeline
from vad.stream import Stream

HERE = Path(__file__).resolve().parent
JUDGED = ("clean", "noise-10", "music-10", "room")
EXAMPLE = HERE.parent / "examples" / "recording.wav"
# The example comes once among so many recordings of the set.
EXAMPLE_EVERY = 20
WARM_UP_S = 2.0
# What was heard right before is heard on purpose: recordings of it, a minute, without the hours before.
CONTROL = 2

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """A recording that is read when its turn comes; without a path it is digital silence."""

    path: Path | None
    duration_s: float
    speech: Timeline

    def samples(self, rate: int, hop: int) -> Floats:
        """Returns float32 ``(n,)``, n a multiple of the hop."""
        if self.path is None:
            return np.zeros(round(self.duration_s * rate) // hop * hop, np.float32)
        samples = read(self.path, sample_rate=rate, duration_s=self.duration_s)
        return samples[: len(samples) // hop * hop]


@dataclass(frozen=True)
class Heard:
    """What the stream made of everything.

    Args:
        posteriors: float32 ``(frames,)`` of the whole stream, 1.4 MB an hour.
        last: frame with which the second hearing begins.
        largest: the largest absolute value of each state after any chunk of the first hearing, of what lies between
            and of the second hearing.
        longest_s: length of the whole stream.
    """

    posteriors: Floats
    last: int
    largest: list[dict[str, float]]
    longest_s: float


@click.command(context_settings={"show_default": True})
@click.option("--model", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Else the packaged one.")
@click.option("--hours", type=click.FloatRange(min=0.5), default=6.0, help="Of the whole stream.")
@click.option("--minutes", type=click.FloatRange(min=1), default=10.0, help="Of the stretch that is heard twice.")
@click.option("--silence", type=click.FloatRange(min=0), default=30.0, help="Minutes of digital silence in between.")
@click.option("--seed", default=0, help="Of the order of what lies between.")
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=HERE.parent / "data_manifests")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path),
              default=Path.home() / ".cache" / "lstm-vad" / "accuracy", help="Where the set is kept.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(model: Path | None, manifests: Path, cache: Path, output: Path | None, seed: int, **lengths: float) -> None:
    """Hears the stretch, the hours and the stretch again, and writes the page."""
    try:
        detector = Detector(model)
        folder = accuracy.prepared(cache=cache, manifests=manifests, split="dev", minutes=10.0, seed=0)
        rows = read_manifest(folder / "manifest.jsonl")
        judged = chosen(rows, folder, 60 * lengths["minutes"])
        between_s = 3600 * lengths["hours"] - 2 * sum(piece.duration_s for piece in judged)
        between = list(others(rows, folder, between_s, 60 * lengths["silence"], seed))
        result = heard(detector, judged, between)
        control = heard(detector, judged, between[-CONTROL:])
        text = page(detector, result, control, judged)
    except VadError as error:
        raise click.ClickException(str(error)) from error
    click.echo(text)
    if output is not None:
        with replacing(output) as temporary:
            temporary.write_text(text, encoding="utf-8")


def chosen(rows: list[Recording], folder: Path, length_s: float) -> list[Piece]:
    """Returns the stretch that is heard twice: recordings of the judged conditions in turn."""
    columns = [[row for row in rows if row.source == name] for name in JUDGED]
    pieces: list[Piece] = []
    for turn in zip(*columns, strict=False):
        for row in turn:
            if sum(piece.duration_s for piece in pieces) < length_s:
                pieces.append(_piece(row, folder))
    return pieces


def others(rows: list[Recording], folder: Path, length_s: float, silence_s: float, seed: int) -> Iterator[Piece]:
    """Yields what lies between: all conditions in random order, the example, and silence from the middle on."""
    random = np.random.default_rng(seed)
    example = Piece(EXAMPLE, 14.0, read_labels(EXAMPLE.with_suffix(".csv")))
    done_s, count, is_silence_due = 0.0, 0, silence_s > 0
    while done_s < length_s:
        for number in random.permutation(len(rows)):
            count += 1
            piece = example if count % EXAMPLE_EVERY == 0 else _piece(rows[number], folder)
            if is_silence_due and done_s >= (length_s - silence_s) / 2:
                piece, is_silence_due = Piece(None, silence_s, Timeline()), False
            if done_s >= length_s:
                return
            done_s += piece.duration_s
            yield piece


def _piece(row: Recording, folder: Path) -> Piece:
    return Piece(folder / row.audio, row.duration_s, Timeline() if row.speech is None else row.speech)


def heard(detector: Detector, judged: list[Piece], between: Iterable[Piece]) -> Heard:
    """Streams the judged pieces, what lies between, and the judged pieces again."""
    stream = detector.stream(keep_audio="none")
    hop = detector.metadata.features.hop_length
    found: list[Floats] = []
    largest = [_pushed(stream, detector, judged, found), _pushed(stream, detector, between, found)]
    last = stream.n_samples // hop
    largest.append(_pushed(stream, detector, judged, found))
    n_samples = stream.n_samples
    found.append(stream.flush().posteriors)
    return Heard(np.concatenate(found), last, largest, n_samples / detector.sample_rate)


def _pushed(stream: Stream, detector: Detector, pieces: Iterable[Piece], found: list[Floats]) -> dict[str, float]:
    """Pushes pieces in chunks, collects the posteriors, and returns the largest absolute value of each state."""
    rate, hop = detector.sample_rate, detector.metadata.features.hop_length
    largest: dict[str, float] = {}
    for piece in pieces:
        samples = piece.samples(rate, hop)
        for start in range(0, len(samples), rate):
            found.append(stream.push(samples[start : start + rate]).posteriors)
            # A stream tells nobody its state; this page is about nothing else.
            for name, values in stream._state.items():
                largest[name] = max(largest.get(name, 0.0), float(np.abs(values).max()))
    return largest


def labels_of(judged: list[Piece], detector: Detector) -> NDArray[np.uint8]:
    """Returns the labels of the frames that lie wholly in the stretch."""
    spec = detector.metadata.features
    n_samples, segments = 0, Timeline()
    for piece in judged:
        size = round(piece.duration_s * spec.sample_rate) // spec.hop_length * spec.hop_length
        speech = piece.speech.crop(0.0, size / spec.sample_rate)
        segments = segments.union(speech.shift(n_samples / spec.sample_rate))
        n_samples += size
    return timeline_to_labels(segments, spec.grid.count(n_samples), spec.grid)[0]


def page(detector: Detector, result: Heard, control: Heard, judged: list[Piece]) -> str:
    """Returns the Markdown page."""
    labels = labels_of(judged, detector)
    first, last = (result.posteriors[at : at + len(labels)] for at in (0, result.last))
    short = control.posteriors[control.last : control.last + len(labels)]
    threshold = detector.onset_threshold
    scores = [_scores(labels, values, threshold) for values in (first, last)]
    minutes = sum(piece.duration_s for piece in judged) / 60
    lines = ["# Drift", "", f"    VAD_DATA_HOME=… python {' '.join(accuracy._shown(sys.argv))}", ""]
    lines += [f"One stream of {result.longest_s / 3600:.2f} h. Its first {minutes:g} minutes ({', '.join(JUDGED)}, "
              f"{labels.mean():.0%} speech) come"]  # fmt: skip
    lines += ["again at its end; between them lie all conditions of the dev set in random order and digital silence."]
    lines += [f"Model sha256 {detector.artifact.digest[:16]}, threshold {threshold:g}. {accuracy.versions()}.", ""]
    rows = [[name, *(f"{score[key]:.4f}" for score in scores), f"{scores[1][key] - scores[0][key]:+.4f}"]
            for name, key in (("ROC-AUC", "roc_auc"), ("F1", "f1"), ("miss rate", "miss_rate"),
                              ("false alarm rate", "false_alarm_rate"))]  # fmt: skip
    lines += [*accuracy.table(["", "first", "last", "last - first"], rows), ""]
    lines += [
        "The minute is the last of what lies between, heard after the first hearing without the hours: what is as large"
    ]
    lines += ["there comes from what was heard just before, not from the length.", ""]
    compared = zip(differences(detector, first, last), differences(detector, short, last), strict=True)
    head = ["last hearing against", "the first", "one after a minute"]
    lines += [*accuracy.table(head, [[*row, other[1]] for row, other in compared]), ""]
    names = sorted(result.largest[0])
    state = [[name, *(f"{part[name]:,.1f}" for part in result.largest)] for name in names]
    return "\n".join([*lines, *accuracy.table(["largest state", "first", "between", "last"], state), ""])


def _scores(labels: NDArray[np.uint8], values: Floats, threshold: float) -> dict[str, float]:
    pool = FramePool()
    pool.add(labels, values)
    return frame_measures(pool, threshold)


def differences(detector: Detector, first: Floats, last: Floats) -> list[list[str]]:
    """Returns how far apart the two hearings are, after the first seconds, in which the past may speak."""
    at = round(WARM_UP_S * detector.sample_rate / detector.metadata.features.hop_length)
    apart = np.abs(first - last)[at:]
    changed = ((first >= detector.onset_threshold) != (last >= detector.onset_threshold))[at:]
    return [
        [f"largest difference of posteriors after {WARM_UP_S:g} s", f"{apart.max():.4f}"],
        ["mean difference", f"{apart.mean():.6f}"],
        ["99th percentile", f"{np.percentile(apart, 99):.4f}"],
        ["share of frames on the other side of the threshold", f"{changed.mean():.4%}"],
    ]


if __name__ == "__main__":
    main()
