"""The clips that mixtures are made of: which ones may be used, how they are drawn."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from vad.config.data import DataConfig
from vad.data.missing import missing
from vad.errors import ConfigError, ManifestError, did_you_mean, one_a_line
from vad.manifests import Recording, data_home, read_manifests, resolve
from vad.segments import Timeline

T = TypeVar("T")

MIXED_KINDS = ("speech", "noise", "music", "nonverbal", "babble", "rir", "labelled")


@dataclass(frozen=True, slots=True)
class SourceClip:
    """One clip of audio to mix.

    Attributes:
        id: as in the manifest.
        path: the audio file.
        offset_s: where in it the clip starts, in seconds.
        duration_s: its length in seconds.
        talker: who speaks: the speaker where known, else the file that the clip lies in.
        speech: labels of people, or None where energy has to tell.
    """

    id: str
    path: Path
    offset_s: float
    duration_s: float
    talker: str
    speech: Timeline | None

    @property
    def source(self) -> str:
        """The corpus it belongs to: the first part of its id."""
        return self.id.split("/", 1)[0]


class Pool:
    """Clips of one kind: a source is drawn first, then a talker, then a clip.

    A source weighs the square root of its hours times its own weight, a talker the square root of theirs: large
    corpora come often, small ones still occur, and a thousand short clips do not drown one long recording.

    Args:
        clips: at least one.
        weights: weight of a source by name; 1 where left out.
    """

    def __init__(self, clips: Sequence[SourceClip], weights: Mapping[str, float]) -> None:
        tree: dict[str, dict[str, list[SourceClip]]] = {}
        for clip in clips:
            tree.setdefault(clip.source, {}).setdefault(clip.talker, []).append(clip)
        self._sources = {name: _Weighted(list(talkers.values()), _root_hours) for name, talkers in tree.items()}
        every = {name: [clip for talker in talkers.values() for clip in talker] for name, talkers in tree.items()}
        self._clips = {name: _Weighted(found, _root_duration) for name, found in every.items()}
        self._names = _Weighted(list(tree), lambda name: weights.get(name, 1.0) * _root_hours(every[name]))

    def talker(self, rng: np.random.Generator) -> list[SourceClip]:
        """Draws a talker and returns all their clips."""
        return self._sources[self._names.draw(rng)].draw(rng)

    def clip(self, rng: np.random.Generator) -> SourceClip:
        """Draws a clip of any source; long ones more often than short ones."""
        return self.clip_of(self._names.draw(rng), rng)

    def clip_of(self, source: str, rng: np.random.Generator) -> SourceClip:
        """Draws a clip of one source."""
        return self._clips[source].draw(rng)


class Corpus:
    """All clips of one split that a config lets in, by kind.

    Args:
        clips: clips by the manifest's kind.
        weights: weights of sources by kind.
    """

    def __init__(
        self, clips: Mapping[str, Sequence[SourceClip]], weights: Mapping[str, Mapping[str, float]] | None = None
    ) -> None:
        self.clips = {kind: tuple(found) for kind, found in clips.items() if found}
        self._weights = {} if weights is None else dict(weights)

    @cached_property
    def pools(self) -> dict[str, Pool]:
        """The pool of each kind that there is any clip of."""
        return {kind: Pool(clips, self._weights.get(kind, {})) for kind, clips in self.clips.items()}


def load_corpus(config: DataConfig, split: str) -> Corpus:
    """Reads the manifests of a config and finds the audio of one split.

    Args:
        config: the data section.
        split: ``train``, ``dev`` or ``test``.

    Returns:
        The clips.

    Raises:
        ManifestError: when a manifest is wrong or audio is missing.
        ConfigError: when no manifest, source or speech is left, or a name is unknown.
    """
    home = data_home()
    clips: dict[str, list[SourceClip]] = {kind: [] for kind in MIXED_KINDS}
    absent: list[Recording] = []
    for row in usable_rows(config, (split,), home):
        found = resolve(row, home)
        if found is None:
            absent.append(row)
            continue
        talker = row.speaker if row.speaker is not None else row.audio
        clips[row.kind].append(SourceClip(row.id, found.path, found.offset_s, found.duration_s, talker, row.speech))
    if absent:
        message = missing(absent, home).message(config.manifests, home)
        raise ManifestError(f"{message}; data.allow_missing=true trains without them")
    if not clips["speech"]:
        raise ConfigError(
            f"data.manifests: no speech of split {split!r} in tiers {', '.join(config.tiers)}; mixtures need rows of "
            f"kind speech there: add some, as `vad data import --kind speech --split {split}` makes them"
        )
    noise_weights = dict.fromkeys(("noise", "music", "nonverbal", "babble"), config.mixing.noise.source_weights)
    return Corpus(clips, {"speech": config.mixing.speech.source_weights, **noise_weights})


def corpus_digests(config: DataConfig, splits: Sequence[str]) -> dict[str, str]:
    """Returns, by split, hexadecimal digits that change with anything that the manifests say about what is mixed.

    The audio itself need not be there, unless `allow_missing` makes it decide what is mixed.

    Raises:
        ManifestError, ConfigError: as `load_rows`.
    """
    digests = {split: hashlib.sha256() for split in splits}
    for row in usable_rows(config, splits, data_home()):
        speech = None if row.speech is None else row.speech.to_pairs()
        said = (row.id, row.audio, row.offset_s, row.duration_s, row.kind, speech, row.speaker, row.sha256)
        digests[row.split].update(repr(said).encode())
    return {split: digest.hexdigest()[:16] for split, digest in digests.items()}


def usable_rows(config: DataConfig, splits: Sequence[str], home: Path) -> list[Recording]:
    """Reads the rows that mixtures of some splits are made of: with `allow_missing` those alone whose audio is there.

    Raises:
        ManifestError, ConfigError: as `load_rows`.
    """
    rows = [row for row in load_rows(config) if row.split in splits and row.kind in MIXED_KINDS]
    return [row for row in rows if resolve(row, home) is not None] if config.allow_missing else rows


def load_rows(config: DataConfig) -> list[Recording]:
    """Reads the rows that a config lets in, of all splits and kinds.

    Raises:
        ManifestError: when a manifest is wrong.
        ConfigError: when there is no manifest, or `exclude` or `source_weights` name what no manifest has.
    """
    if not config.manifests:
        raise ConfigError("data.manifests: needs at least one manifest, received []")
    rows = read_manifests([str(path) for path in config.manifests], Path())
    sources = sorted({row.source for row in rows})
    problems = [
        f"data.mixing.{key}.source_weights: no manifest has the source {name!r}{did_you_mean(name, sources)}; leave it "
        f"out, or all of them: data.mixing.{key}.source_weights={{}}"
        for key, weights in (("speech", config.mixing.speech), ("noise", config.mixing.noise))
        for name in weights.source_weights
        if name not in sources
    ]
    excluded: set[str] = set()
    for pattern in config.exclude:
        hits = {row.id for row in rows if row.source == pattern or fnmatchcase(row.id, pattern)}
        excluded |= hits
        if not hits:
            problems.append(
                f"data.exclude: {pattern!r} matches no source and no id{did_you_mean(pattern, sources)}; leave it out, "
                "or all of them: data.exclude=[]"
            )
    if problems:
        raise ConfigError(one_a_line(problems, "leave these out too"))
    return [row for row in rows if row.tier in config.tiers and row.id not in excluded]


class _Weighted(Generic[T]):
    """Draws items by weight.

    Raises:
        ConfigError: when every item weighs nothing.
    """

    def __init__(self, items: Sequence[T], weight: Callable[[T], float]) -> None:
        self._items = items
        sums = np.cumsum([weight(item) for item in items])
        if not sums[-1] > 0:
            raise ConfigError(f"source_weights: every source of a kind weighs 0: {list(items)}")
        self._edges = sums / sums[-1]

    def draw(self, rng: np.random.Generator) -> T:
        return self._items[int(np.searchsorted(self._edges, rng.random(), side="right"))]


def _root_hours(clips: Iterable[SourceClip]) -> float:
    return math.sqrt(sum(clip.duration_s for clip in clips))


def _root_duration(clip: SourceClip) -> float:
    return math.sqrt(clip.duration_s)
