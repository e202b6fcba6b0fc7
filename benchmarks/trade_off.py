"""What a `confirm_threshold` gains and costs: false alarms against words that nobody hears.

    VAD_DATA_HOME=... python benchmarks/trade_off.py --output benchmarks/trade_off.md

Decided speech, that is: what `vad detect` prints, on the dev split. The packaged model's rule with other confirm
thresholds, beside Silero and WebRTC with their own rules:

* **words missed**: of 900 utterances drawn from the split, most of them single words, each between half seconds of
  faint noise (-80 dB full scale), the share in which no speech is found at all; *by talker*, the mean of the shares of
  those who say ten of them and more, since a fifth of all are one talker's digits.
* **false alarms**: segments, and seconds of them, in an hour of what holds no speech (`false_alarms.py`).
* **F1**: frames of the dev set of `accuracy.py`, all conditions or one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import accuracy
import click
import numpy as np
from evaluation_set import RATE, Samples, Take, judged_by, loaded, seeded
from false_alarms import KINDS
from numpy.typing import NDArray

from vad.decision import decide
from vad.detector import Detector
from vad.errors import VadError
from vad.labels import timeline_to_labels
from vad.manifests import Recording, data_home, read_manifests, resolve
from vad.peers import Engine, load_peer
from vad.segments import Timeline

CONFIRMS = (None, 0.8, 0.85, 0.9, 0.94, 0.96, 0.97, 0.98)
PEERS = ("silero", "webrtc")
WORDS = 900
# Utterances of a talker that make a share.
ENOUGH = 10
SHOWN = ("clean", "noise-10", "noise-0", "labelled")


@dataclass
class Tally:
    """What one rule found so far."""

    # By talker: whether each of their utterances was heard.
    heard: dict[str, list[bool]] = field(default_factory=dict)
    without_s: float = 0.0
    alarms: int = 0
    alarms_s: float = 0.0
    # By condition: frames that are both, found, and labelled.
    frames: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def missed(self) -> float:
        """Returns the share of the utterances in which no speech was found."""
        return 1.0 - float(np.mean([one for said in self.heard.values() for one in said]))

    def missed_by_talker(self) -> float:
        """Returns the mean of the talkers' shares, of those who say enough for one; ``nan`` where nobody does."""
        shares = [float(np.mean(said)) for said in self.heard.values() if len(said) >= ENOUGH]
        return 1.0 - float(np.mean(shares)) if shares else np.nan

    def f1(self, condition: str | None = None) -> float:
        """Returns F1 over a condition, over all when None."""
        counts = [count for name, count in self.frames.items() if condition in (None, name)]
        both, found, labelled = np.sum(counts, axis=0)
        return float(2 * both / max(found + labelled, 1))


@click.command(context_settings={"show_default": True})
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), default=accuracy.MANIFESTS)
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), default=accuracy.CACHE)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file; else the terminal.")
def main(manifests: Path, cache: Path, output: Path | None) -> None:
    """Decides everything by every rule and writes the page."""
    try:
        text = page(tallies(manifests, cache))
    except VadError as error:
        raise click.ClickException(str(error)) from error
    accuracy.publish(text, output)


class Rules:
    """The packaged detector by several rules, and other engines.

    Args:
        confirms: confirm thresholds, each a rule.
        peers: names of the engines.
    """

    def __init__(self, confirms: Sequence[float | None], peers: Sequence[str]) -> None:
        self._detector = Detector()
        self._rules = {
            "none" if confirm is None else f"{confirm:g}": replace(self._detector.rule, confirm_threshold=confirm)
            for confirm in confirms
        }
        self._peers = [load_peer(name) for name in peers]
        self.grid = self._detector.metadata.features.grid
        self.names = (*self._rules, *peers)

    def decided(self, samples: Samples) -> Iterator[tuple[str, Timeline]]:
        """Yields the name of every rule and peer, and the speech that it finds."""
        posteriors = self._detector.posteriors(samples, sample_rate=RATE).values
        for name, rule in self._rules.items():
            yield name, decide(posteriors, rule, self.grid, samples.size)
        for peer in self._peers:
            yield peer.name, found_in(peer, samples)

    def frames(self, speech: Timeline, n_samples: int) -> NDArray[np.bool_]:
        """Returns which frames of a recording are speech."""
        labels, _ = timeline_to_labels(speech, self.grid.count(n_samples), self.grid)
        return labels.astype(np.bool_)


def found_in(engine: Engine, samples: Samples) -> Timeline:
    """Returns the speech that an engine finds in a recording."""
    stream = engine.start()
    stream.push(samples)
    return stream.finish().speech


def tallies(manifests: Path, cache: Path) -> dict[str, Tally]:
    """Returns what each rule finds, by its name."""
    rules = Rules(CONFIRMS, PEERS)
    found = {name: Tally() for name in rules.names}
    rows = judged_by(manifests, "dev")
    for talker, samples in words(rows):
        for name, speech in rules.decided(samples):
            found[name].heard.setdefault(talker, []).append(bool(len(speech)))
    clips = [resolve(row, data_home()) for row in rows if row.kind in KINDS]
    for samples in (loaded(clip) for clip in clips if clip is not None):
        for name, speech in rules.decided(samples):
            found[name].without_s += samples.size / RATE
            found[name].alarms += len(speech)
            found[name].alarms_s += speech.speech_s
    folder = accuracy.prepared(cache=cache, manifests=manifests, split="dev", minutes=10.0, seed=0)
    for row in read_manifests([folder / "manifest.jsonl"]):
        clip = resolve(row, folder)
        if clip is not None and row.speech is not None:
            _count_frames(found, rules, row.source, Take(loaded(clip), row.speech))
    return found


def _count_frames(found: dict[str, Tally], rules: Rules, condition: str, take: Take) -> None:
    labelled = rules.frames(take.speech, take.samples.size)
    for name, speech in rules.decided(take.samples):
        said = rules.frames(speech, take.samples.size)
        counts = np.array([np.sum(said & labelled), np.sum(said), np.sum(labelled)], np.int64)
        found[name].frames[condition] = found[name].frames.get(condition, np.zeros(3, np.int64)) + counts


def words(rows: Sequence[Recording]) -> Iterator[tuple[str, Samples]]:
    """Yields utterances of the split and who says them, each between half seconds of faint noise."""
    random = seeded(0, "words")
    clips = [(row, clip) for row in rows if row.kind == "speech" and (clip := resolve(row, data_home())) is not None]
    for number in random.permutation(len(clips))[:WORDS]:
        row, clip = clips[number]
        spoken = np.pad(loaded(clip), RATE // 2)
        yield row.speaker or row.source, (spoken + 1e-4 * random.standard_normal(spoken.size)).astype(np.float32)


def page(found: dict[str, Tally]) -> str:
    """Returns the page: one row for each rule."""
    costs = ("words missed", "by talker", "false alarms an hour", "seconds of them")
    head = ["confirm_threshold", *costs, "F1, all", *SHOWN]
    rows = []
    for name, tally in found.items():
        hours = tally.without_s / 3600
        alarms = [f"{tally.alarms / hours:.0f}", f"{tally.alarms_s / hours:.0f}"]
        scores = [f"{tally.f1(condition):.3f}" for condition in (None, *SHOWN)]
        missed = [f"{100 * share:.1f} %" for share in (tally.missed(), tally.missed_by_talker())]
        rows.append([name, *missed, *alarms, *scores])
    any_tally = next(iter(found.values()))
    spoken = sum(map(len, any_tally.heard.values()))
    intro = [
        "# False alarms against missed words",
        "",
        "    VAD_DATA_HOME=… python benchmarks/trade_off.py --output benchmarks/trade_off.md",
        "",
        f"{spoken} utterances, {any_tally.without_s / 60:.0f} min without speech, the dev set.",
        "The packaged model's rule with other confirm thresholds, and two engines with their own rules.",
        "",
    ]
    return "\n".join([*intro, *accuracy.table(head, rows), "", accuracy.versions(), ""])


if __name__ == "__main__":
    main()
