"""Laws of the index of shards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vad.data.index import Shard, ShardIndex, moments
from vad.errors import FeatureError, FingerprintError
from vad.features.spec import FeatureSpec

ORIGIN = {"seed": 1, "mixing": {"rooms": {"rt60_s": [0.1, 0.9]}}}


def index(folder: Path, origin: dict[str, object] = ORIGIN, spec: FeatureSpec | None = None) -> ShardIndex:
    return ShardIndex(folder, "train", FeatureSpec() if spec is None else spec, origin)


def shard(name: str) -> Shard:
    return Shard(name, "0" * 64, 2, 360_000, 90_000, (1.0,) * 40, (2.0,) * 40)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = index(tmp_path)
    written.shards = {name: shard(name) for name in ("b", "a")}
    written.write()
    found = index(tmp_path)
    found.load()
    assert found.shards == written.shards
    assert [path.name for path in found.files] == ["a", "b"]
    assert (found.excerpts, found.hours, found.speech_share) == (4, 2.0, 0.25)
    assert found.only(["b"]).hours == 1.0


def test_shards_made_otherwise_are_refused_by_the_field(tmp_path: Path) -> None:
    index(tmp_path).write()
    other = {"seed": 1, "mixing": {"rooms": {"rt60_s": [0.1, 0.5]}}}
    with pytest.raises(FingerprintError, match=r"mixing.rooms.rt60_s is \[0.1, 0.9\], wanted \[0.1, 0.5\].*shards_dir"):
        index(tmp_path, other).load()
    with pytest.raises(FingerprintError, match=r"n_mels is 40, wanted 64; give data\.shards_dir another folder"):
        index(tmp_path, spec=FeatureSpec(n_mels=64)).load()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"shards": [{"name": "a"}]}'])
def test_a_damaged_index_lists_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "train.json").write_text(content)
    found = index(tmp_path)
    found.load()
    assert found.shards == {}


def test_moments_are_those_of_all_frames() -> None:
    frames = np.random.default_rng(0).normal(-8, 3, (100, 4))
    parts = np.split(frames, [30, 35])
    mean, deviation = moments(100, [p.sum(0).tolist() for p in parts], [(p**2).sum(0).tolist() for p in parts])
    assert mean.dtype == deviation.dtype == np.float32
    assert np.allclose(mean, frames.mean(0)) and np.allclose(deviation, frames.std(0))
    with pytest.raises(FeatureError):
        moments(0, [], [])
