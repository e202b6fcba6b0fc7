"""What minutes without speech do to an engine: to the false alarms in them, and to the speech that comes after.

    VAD_DATA_HOME=... python benchmarks/absence.py --output benchmarks/absence.md

An engine that carries a state may grow deaf: it gives fewer false alarms the longer nobody speaks, and then misses who
speaks. So both are measured with the same sounds, noises of the dev split:

* **speech after absence**: recordings of the evaluation set of `accuracy.py`, alone, and the same ones behind two
  minutes of noise, each behind another stretch of it; the recording is scored, the noise is not.
* **single words**: utterances of the split, most of them single words, in which no speech is found at all: each by
  itself, half a second after the start, and all in one stream, one a minute, in faint noise and in louder noise.
* **false alarms**: decided speech in everything that holds none, each recording alone, and all of them in a row, in
  random order, as one stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import accuracy
import click
import numpy as np
from evaluation_set import RATE, Samples, judged_by, loaded, seeded
from false_alarms import KINDS
from numpy.typing import NDArray
from trade_off import found_in, words

from vad.errors import VadError
from vad.evaluation import Estimate, Report, Summary, evaluate
from vad.manifests import Recording, data_home, read_manifest, resolve
from vad.peers import Engine, EngineOutput, EngineStream
from vad.segments import Timeline

CONDITIONS = ("clean", "noise-20", "noise-10", "noise-0", "room")
ABSENCE_S = 120
FADE_S = 0.02
WORDS = 200
EVERY_S = 60
# Root mean square of the noise that words are spoken in, in dB of full scale.
LEVELS_DB = (-80, -54)
# Of the near silence out of which a recording without speech comes, and how long it is.
QUIET_DB = -70
QUIET_S = 3


class After:
    """An engine that hears other sound before every recording and says nothing about it.

    Args:
        engine: what hears it.
        sound: float32 (n,); each recording lies behind another stretch of it.
        seconds: how long a stretch.
    """

    def __init__(self, engine: Engine, sound: Samples, seconds: float) -> None:
        self._engine = engine
        self._sound = sound
        self._length = round(seconds * RATE)
        self._random = seeded(0, "absence")
        self.name = f"{engine.name}, after"
        self.description, self.threshold = engine.description, engine.threshold
        self.is_probability = engine.is_probability

    def start(self) -> EngineStream:
        """Starts a recording behind the next stretch."""
        stream = self._engine.start()
        first = int(self._random.integers(max(1, self._sound.size - self._length)))
        before = self._sound[first : first + self._length]
        stream.push(before)
        return _Later(stream, before.size / RATE)


class _Later:
    """A stream that began some seconds before the recording does."""

    def __init__(self, stream: EngineStream, before_s: float) -> None:
        self._stream = stream
        self._before_s = self._end_s = before_s

    def push(self, chunk: NDArray[np.float32]) -> None:
        """Takes the next samples of the recording."""
        self._stream.push(chunk)
        self._end_s += chunk.size / RATE

    def finish(self) -> EngineOutput:
        """Returns what was found in the recording."""
        output = self._stream.finish()
        inside = output.times >= self._before_s
        speech = output.speech.crop(self._before_s, self._end_s).shift(-self._before_s)
        return EngineOutput(output.times[inside] - self._before_s, output.values[inside], speech)


@click.command(context_settings={"show_default": True})
@accuracy.options_of_three
def main(engines: str, model: Path | None, manifests: Path, cache: Path, output: Path | None) -> None:
    """Scores the engines and writes the page."""
    try:
        found = [accuracy.engine(name.strip(), model) for name in engines.split(",")]
        rows = judged_by(manifests, "dev")
        recordings = list(without_speech([row for row in rows if row.kind in KINDS]))
        spoken = [samples for _, samples in islice(words(rows), WORDS)]
        folder = accuracy.prepared(cache=cache, manifests=manifests, split="dev", minutes=10.0, seed=0)
        noise = in_a_row([samples for kind, samples in recordings if kind == "noise"])
        report = heard_after(found, read_manifest(folder / "manifest.jsonl"), folder, noise)
        missed = {engine.name: [words_missed(engine, spoken, level) for level in LEVELS_DB] for engine in found}
        alarms = {engine.name: false_alarms(engine, [samples for _, samples in recordings]) for engine in found}
    except VadError as error:
        raise click.ClickException(str(error)) from error
    hours = sum(samples.size for _, samples in recordings) / RATE / 3600
    text = page(report, found, missed)
    accuracy.publish(text + alarms_table(alarms, hours), output)


def without_speech(rows: Sequence[Recording]) -> Iterator[tuple[str, Samples]]:
    """Yields kind and samples of the recordings whose audio is there.

    Raises:
        VadError: there is none.
    """
    clips = [(row.kind, clip) for row in rows if (clip := resolve(row, data_home())) is not None]
    if not clips:
        raise VadError(f"{data_home()}: no noise of the split 'dev' there; set VAD_DATA_HOME or run vad data fetch")
    for kind, clip in clips:
        yield kind, loaded(clip)


def in_a_row(recordings: Sequence[Samples]) -> Samples:
    """Returns recordings one behind another in random order, each faded in and out for no clicks to be between."""
    parts = [recordings[number].copy() for number in seeded(0, "row").permutation(len(recordings))]
    for part in parts:
        slope = np.linspace(0, 1, min(round(FADE_S * RATE), part.size // 2), dtype=np.float32)
        part[: slope.size] *= slope
        part[part.size - slope.size :] *= slope[::-1]
    return np.concatenate(parts)


def heard_after(engines: Sequence[Engine], rows: Sequence[Recording], folder: Path, noise: Samples) -> Report:
    """Scores engines on recordings alone and behind noise.

    Raises:
        VadError: a recording cannot be read.
    """
    chosen = [row for row in rows if row.source in CONDITIONS]
    both = [one for engine in engines for one in (engine, After(engine, noise, ABSENCE_S))]
    report = evaluate(chosen, both, folder, summary=Summary("source", 0))
    if report.failures:
        raise VadError("\n".join(f"{f.recording}: {f.reason}" for f in report.failures))
    return report


def false_alarms(engine: Engine, recordings: Sequence[Samples]) -> tuple[list[Timeline], ...]:
    """Returns the speech that an engine finds in each recording, in each out of near silence, and in all in a row."""
    quiet = seeded(0, "quiet").standard_normal(QUIET_S * RATE, dtype=np.float32) * np.float32(10 ** (QUIET_DB / 20))
    sudden = After(engine, quiet, QUIET_S)
    alone = [found_in(engine, samples) for samples in recordings]
    return alone, [found_in(sudden, samples) for samples in recordings], [found_in(engine, in_a_row(recordings))]


def words_missed(engine: Engine, spoken: Sequence[Samples], level_db: float) -> tuple[float, float]:
    """Returns the share of words in which an engine finds nothing: each by itself, and one a minute in one stream."""
    random, scale = seeded(0, "background"), np.float32(10 ** (level_db / 20))

    def over_noise(samples: Samples) -> Samples:
        return samples + scale * random.standard_normal(samples.size, dtype=np.float32)

    alone = sum(not len(found_in(engine, over_noise(word))) for word in spoken)
    parts, places, position = [], [], 0
    for word in spoken:
        # Words begin on whole seconds.
        parts += [np.zeros(EVERY_S * RATE - word.size % RATE, np.float32), word]
        position += parts[-2].size
        places.append((position / RATE, (position + word.size) / RATE))
        position += word.size
    heard = found_in(engine, over_noise(np.concatenate(parts)))
    together = sum(not len(heard.crop(*place)) for place in places)
    return alone / len(spoken), together / len(spoken)


def page(report: Report, engines: Sequence[Engine], missed: dict[str, list[tuple[float, float]]]) -> str:
    """Returns the Markdown page up to the false alarms."""
    lonely = [[name, *(f"{alone:.1%} → {later:.1%}" for alone, later in pairs)] for name, pairs in missed.items()]
    lines = [
        "# After minutes without speech",
        "",
        "    VAD_DATA_HOME=… python benchmarks/absence.py --output benchmarks/absence.md",
        "",
        f"Recordings of the dev set alone → behind {ABSENCE_S} seconds of noise; benchmarks/README.md says what the",
        "conditions are.",
        "",
        "## ROC-AUC",
        "",
        *_compared(report, engines, lambda measures: f"{measures['roc_auc'].value:.3f}"),
        "",
        "## Speech found at the engine's own threshold",
        "",
        *_compared(report, engines, lambda measures: f"{1 - measures['miss_rate'].value:.1%}"),
        "",
        "## Single words not heard at all, by themselves → one a minute",
        "",
        *accuracy.table(["engine", *(f"in noise at {level} dB" for level in LEVELS_DB)], lonely),
        "",
    ]
    return "\n".join([*lines, ""])


def alarms_table(alarms: dict[str, tuple[list[Timeline], ...]], hours: float) -> str:
    """Returns the rest of the page."""
    rows = []
    for name, settings in alarms.items():
        counts = [sum(map(len, found)) / hours for found in settings]
        seconds = [sum(speech.speech_s for speech in found) / hours for found in settings]
        rows.append([name, *(" → ".join(f"{value:.0f}" for value in values) for values in (counts, seconds))])
    lines = [
        f"## Recordings without speech, each by itself → out of {QUIET_S} seconds at {QUIET_DB} dB → all in a row",
        "",
        f"{hours * 60:.0f} minutes.",
        "",
        *accuracy.table(["engine", "false alarms an hour", "seconds of them"], rows),
    ]
    return "\n".join([*lines, "", accuracy.versions(), ""])


def _compared(report: Report, engines: Sequence[Engine], shown: Callable[[Mapping[str, Estimate]], str]) -> list[str]:
    """Returns a table of one measure, alone → after, by condition and engine."""
    found = {(result.condition, result.engine): shown(result.measures) for result in report.results}
    rows = [
        [condition, *(f"{found[condition, e.name]} → {found[condition, f'{e.name}, after']}" for e in engines)]
        for condition in CONDITIONS
    ]
    return accuracy.table(["condition", *(engine.name for engine in engines)], rows)


if __name__ == "__main__":
    main()
