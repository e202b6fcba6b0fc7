"""The index of a folder of shards: what is in it, made from what, with checksums."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.errors import FeatureError, FingerprintError
from vad.features.spec import FeatureSpec
from vad.files import replacing

FORMAT = 1

_OTHER_FOLDER = "give data.shards_dir another folder, or leave it out"


@dataclass(frozen=True, slots=True)
class Shard:
    """One TFRecord file.

    Attributes:
        name: file name.
        sha256: checksum of the file.
        excerpts: how many records it holds.
        frames: frames of all of them.
        speech_frames: how many of these are speech.
        sums: sum of each mel band over all frames.
        squares: sum of squares of each mel band.
    """

    name: str
    sha256: str
    excerpts: int
    frames: int
    speech_frames: int
    sums: tuple[float, ...]
    squares: tuple[float, ...]


@dataclass(slots=True)
class ShardIndex:
    """The shards of one split.

    Attributes:
        folder: where they lie.
        split: which split they are of.
        features: the front-end that made the frames.
        origin: everything else that decides the bytes: seed, labels, mixing, corpus.
        shards: by name.
    """

    folder: Path
    split: str
    features: FeatureSpec
    origin: dict[str, Any]
    shards: dict[str, Shard] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The index file."""
        return self.folder / f"{self.split}.json"

    @property
    def files(self) -> list[Path]:
        """The shards' files, in order."""
        return [self.folder / name for name in sorted(self.shards)]

    @property
    def excerpts(self) -> int:
        """How many excerpts there are."""
        return sum(shard.excerpts for shard in self.shards.values())

    @property
    def hours(self) -> float:
        """Hours of frames."""
        frames = sum(shard.frames for shard in self.shards.values())
        return frames * self.features.hop_length / self.features.sample_rate / 3600

    @property
    def speech_share(self) -> float:
        """How much of the frames is speech; 0 where there are none."""
        frames = sum(shard.frames for shard in self.shards.values())
        return sum(shard.speech_frames for shard in self.shards.values()) / frames if frames else 0.0

    def statistics(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns mean and standard deviation of each mel band over all frames, float32 (n_mels,).

        Raises:
            FeatureError: when there are no frames.
        """
        return moments(
            sum(shard.frames for shard in self.shards.values()),
            [shard.sums for shard in self.shards.values()],
            [shard.squares for shard in self.shards.values()],
        )

    def only(self, names: Sequence[str]) -> ShardIndex:
        """Returns the index of some of the shards."""
        return dataclasses.replace(self, shards={name: self.shards[name] for name in names})

    def write(self) -> None:
        """Writes the index file, whole or not at all."""
        content = {
            "format": FORMAT,
            "split": self.split,
            "features": {**self.features.to_dict(), "fingerprint": self.features.fingerprint},
            "origin": self.origin,
            "excerpts": self.excerpts,
            "hours": round(self.hours, 4),
            "speech_share": round(self.speech_share, 4),
            "shards": [dataclasses.asdict(self.shards[name]) for name in sorted(self.shards)],
        }
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def load(self) -> None:
        """Takes over the shards that the index file lists; none where there is no file.

        Raises:
            FingerprintError: when they were made by another front-end, from other data or in another way; the message
                names each field.
        """
        if not self.path.is_file():
            return
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            found = {entry["name"]: _shard(entry) for entry in content["shards"]}
            features, origin, version = content["features"], content["origin"], content["format"]
        except (ValueError, KeyError, TypeError):
            return  # not an index of ours: everything is made anew
        try:
            self.features.check_fingerprint(features, str(self.path))
        except FingerprintError as error:
            raise FingerprintError(f"{error}; {_OTHER_FOLDER}") from None
        differing = list(_differences(origin, {**self.origin}, ""))
        if version != FORMAT:
            differing.append(f"format is {version!r}, wanted {FORMAT!r}")
        if differing:
            raise FingerprintError(f"{self.path}: made from other data: {'; '.join(differing)}; {_OTHER_FOLDER}")
        self.shards = found


def moments(
    count: int, sums: Sequence[Sequence[float]], squares: Sequence[Sequence[float]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Combines counts, sums and sums of squares into mean and standard deviation, float32 (n_mels,).

    Raises:
        FeatureError: when `count` is 0.
    """
    if not count:
        raise FeatureError("statistics need at least one frame, received none")
    mean = np.array([math.fsum(column) for column in zip(*sums, strict=True)]) / count
    power = np.array([math.fsum(column) for column in zip(*squares, strict=True)]) / count
    return mean.astype(np.float32), np.sqrt(np.maximum(power - mean**2, 1e-8)).astype(np.float32)


def _shard(entry: Mapping[str, Any]) -> Shard:
    return Shard(**{**entry, "sums": tuple(entry["sums"]), "squares": tuple(entry["squares"])})


def _differences(found: Any, wanted: Any, key: str) -> Iterator[str]:
    """Yields a line for each leaf in which two nested dictionaries differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in sorted({*found, *wanted}):
            yield from _differences(found.get(name), wanted.get(name), f"{key}.{name}" if key else name)
    elif found != wanted:
        yield f"{key} is {found!r}, wanted {wanted!r}"
