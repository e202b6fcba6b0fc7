"""Speech of whole corpora, found by a cluster: ``python -m pipelines.detect MANIFEST… -o speech.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import click

from pipelines.cluster import connect, spread
from vad.audio import read
from vad.detector import Detector
from vad.errors import AudioError, VadError
from vad.files import replacing
from vad.manifests import Recording, data_home, read_manifest, resolve

# Short clips by the hundred: a task of one would cost more to send than to do.
_RECORDINGS_PER_TASK = 50

Row = dict[str, Any]


def detect_rows(recordings: Sequence[Recording], *, home: Path, model: str | None) -> list[Row]:
    """Finds the speech of some recordings.

    Args:
        recordings: rows of a manifest.
        home: the data home.
        model: an artifact; None takes the one in the package.

    Returns:
        A row each, in order: ``id``, ``duration_s`` and ``speech`` in seconds, or ``id`` and ``error``.
    """
    return [_detected(recording, home, _detector(model)) for recording in recordings]


def _detected(recording: Recording, home: Path, detector: Detector) -> Row:
    try:
        clip = resolve(recording, home)
        if clip is None:
            raise AudioError(f"{recording.id}: no audio under {home}; vad data fetch gets it")
        rate = detector.sample_rate
        samples = read(clip.path, sample_rate=rate, offset_s=clip.offset_s, duration_s=clip.duration_s)
        speech = detector.detect(samples, sample_rate=rate).to_pairs()
    except VadError as error:
        return {"id": recording.id, "error": str(error)}
    return {"id": recording.id, "duration_s": len(samples) / rate, "speech": speech}


@lru_cache(maxsize=1)
def _detector(model: str | None) -> Detector:
    return Detector(model)


def _in_order(results: Iterator[tuple[int, list[Row]]]) -> Iterator[Row]:
    """Yields rows in the order of the recordings, holding back what came early."""
    waiting: dict[int, list[Row]] = {}
    following = 0
    for index, rows in results:
        waiting[index] = rows
        while following in waiting:
            yield from waiting.pop(following)
            following += 1


@click.command()
@click.argument("manifests", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="JSON lines.")
@click.option("--model", type=click.Path(path_type=Path), help="A .tflite; the default is the one in the package.")
def main(manifests: tuple[Path, ...], output: Path, model: Path | None) -> None:
    """Find the speech in every recording of MANIFESTS."""
    failures = 0
    try:
        rows = [row for path in manifests for row in read_manifest(path)]
        tasks = [rows[first : first + _RECORDINGS_PER_TASK] for first in range(0, len(rows), _RECORDINGS_PER_TASK)]
        work = partial(detect_rows, home=data_home().absolute(), model=None if model is None else str(model.absolute()))
        with replacing(output) as temporary, temporary.open("w", encoding="utf-8") as lines:
            for row in _in_order(spread(connect(), work, tasks)):
                if "error" in row:
                    failures += 1
                    click.echo(f"pipelines.detect: {row['error']}", err=True)
                else:
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    except VadError as error:
        click.echo(f"pipelines.detect: {error}", err=True)
        raise SystemExit(1) from None
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
