"""Laws of the corpus: what is let in and how it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vad.config import Config
from vad.data.corpus import Pool, SourceClip, corpus_digests, load_corpus
from vad.errors import ConfigError, ManifestError


def clip(name: str, duration_s: float, talker: str = "x") -> SourceClip:
    return SourceClip(name, Path("none"), 0.0, duration_s, talker, None)


def test_splits_and_tiers_are_kept_apart(toy_config: Callable[..., Config]) -> None:
    train = load_corpus(toy_config(tiers=["permissive"]).data, "train")
    assert {c.source for c in train.clips["speech"]} == {"talk"}
    assert all("train" in c.id for kind in ("speech", "noise", "music") for c in train.clips[kind])
    everything = load_corpus(toy_config().data, "train")
    assert {c.source for c in everything.clips["speech"]} == {"talk", "copyleft"}
    assert "rir" in train.clips and "rir" not in load_corpus(toy_config().data, "dev").clips


def test_sources_and_patterns_are_excluded(toy_config: Callable[..., Config]) -> None:
    corpus = load_corpus(toy_config(exclude=["wind", "talk/*-0-*"]).data, "train")
    assert {c.source for c in corpus.clips["noise"]} == {"knock"}
    assert len(corpus.clips["speech"]) == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exclude": ["wnid"]}, r"data.exclude: 'wnid' .*did you mean 'wind'"),
        ({"mixing__noise": {"source_weights": {"orgn": 2.0}}}, r"noise.source_weights.*'orgn'.*did you mean 'organ'"),
        ({"manifests": []}, "at least one manifest"),
        ({"exclude": ["talk", "copyleft"]}, "no speech.*--kind speech --split train"),
    ],
)
def test_names_that_nothing_has_are_refused(
    toy_config: Callable[..., Config], changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_corpus(toy_config(**changes).data, "train")


def test_all_names_that_nothing_has_are_told_at_once(toy_config: Callable[..., Config]) -> None:
    config = toy_config(exclude=["one", "two"], mixing__noise={"source_weights": {"three": 1.0}})
    with pytest.raises(ConfigError) as caught:
        load_corpus(config.data, "train")
    told = str(caught.value).splitlines()
    assert len(told) == 3 and all(f"'{name}'" in line for name, line in zip(("three", "one", "two"), told, strict=True))


def test_missing_audio_is_refused_with_the_command_that_fetches_it(
    toy_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy_corpus: Path
) -> None:
    config = toy_config()
    manifest = tmp_path / "elsewhere" / "corpus.jsonl"
    manifest.parent.mkdir()
    manifest.write_bytes((toy_corpus / "corpus.jsonl").read_bytes())
    config = toy_config(manifests=[str(manifest)])
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path))
    with pytest.raises(ManifestError, match=r"11 recordings .*wind .*vad data fetch"):
        load_corpus(config.data, "train")
    with pytest.raises(ConfigError, match="no speech"):
        load_corpus(toy_config(manifests=[str(manifest)], allow_missing=True).data, "train")


def test_the_digest_changes_with_the_rows_alone(toy_config: Callable[..., Config], toy_corpus: Path) -> None:
    splits = ("train", "dev")
    digests = corpus_digests(toy_config().data, splits)
    assert digests == corpus_digests(toy_config(hours__train=1.0).data, splits)
    fewer = corpus_digests(toy_config(exclude=["talk/train-0-0"]).data, splits)
    assert fewer["train"] != digests["train"] and fewer["dev"] == digests["dev"]


def test_sources_weigh_the_root_of_their_hours_times_their_own_weight() -> None:
    clips = [clip(f"many/{i}", 1.0, f"t{i % 9}") for i in range(900)] + [clip("long/one", 100.0)]
    rng = np.random.default_rng(0)
    pool = Pool(clips, {})
    drawn = Counter(pool.clip(rng).source for _ in range(4000))
    assert np.isclose(drawn["many"] / drawn["long"], 3, rtol=0.15)
    pool = Pool(clips, {"long": 3.0})
    drawn = Counter(pool.talker(rng)[0].source for _ in range(4000))
    assert np.isclose(drawn["many"] / drawn["long"], 1, rtol=0.15)
    pool = Pool(clips, {"many": 0.0})
    assert {pool.clip(rng).source for _ in range(50)} == {"long"}
    with pytest.raises(ConfigError, match="weighs 0"):
        Pool(clips, {"many": 0.0, "long": 0.0})


def test_a_talker_comes_with_all_their_clips() -> None:
    clips = [clip("a/1", 1.0, "x"), clip("a/2", 1.0, "y"), clip("a/3", 1.0, "x")]
    found = {tuple(c.id for c in Pool(clips, {}).talker(np.random.default_rng(seed))) for seed in range(20)}
    assert found == {("a/1", "a/3"), ("a/2",)}
