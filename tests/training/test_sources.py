"""The batches of a config are the same ones whenever they are asked, from any step on: what resuming rests on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vad.config import load_config
from vad.errors import ConfigError
from vad.manifests import read_manifests, write_manifest
from vad.training.sources import batches_of, recordings

SMALL = [
    "data.hours={train: 0.02, dev: 0.01}",
    "data.excerpts_per_shard=4",
    "data.mixing.excerpt_s=6",
    "data.pipeline.batch_size=3",
    "data.pipeline.crop_s=2",
    "training.carry_state=false",
]


@pytest.fixture(scope="module")
def make(tmp_path_factory, repository):
    shards = tmp_path_factory.mktemp("shards")

    def batches(*overrides):
        settings = [*SMALL, f"data.shards_dir={shards}", *overrides]
        return batches_of(load_config(repository / "configs/tiny.yaml", settings), jobs=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shards / "cache"))
        yield batches


@pytest.mark.parametrize("carry", [False, True])
def test_an_epoch_repeats_itself_from_any_step_and_differs_from_others(make, carry):
    batches = make(f"training.carry_state={str(carry).lower()}")
    first = list(batches.epoch(1).as_numpy_iterator())
    assert len(first) == batches.steps
    assert all(len(batch) == (4 if carry else 3) for batch in first)
    for skipped in (0, batches.steps - 1):
        again = list(batches.epoch(1).skip(skipped).as_numpy_iterator())
        for a, b in zip(first[skipped:], again, strict=True):
            for left, right in zip(a, b, strict=True):
                np.testing.assert_array_equal(left, right)
    other = next(batches.epoch(2).as_numpy_iterator())
    assert not np.array_equal(first[0][0], other[0])


def test_facts_name_hours_and_licences(make):
    facts = make().facts
    assert facts["mixtures"]["train"]["hours"] == pytest.approx(0.02, rel=0.01)
    assert set(facts["recordings"]["hours_by_license"]) == {"CC0-1.0"}
    assert facts["recordings"]["hours_by_kind"]["speech"] > 0


def test_recordings_that_are_missing_do_not_count(tmp_path, repository):
    manifest = repository / "data_manifests/tiny.jsonl.gz"
    rows = [row for row in read_manifests([str(manifest)], repository) if row.split == "train"]
    absent = replace(rows[0], id="tiny/absent", audio="audio/absent.ogg", license="MIT", origin=None)
    write_manifest(tmp_path / "more.jsonl", [absent])
    manifests = f"data.manifests=[{manifest}, {tmp_path / 'more.jsonl'}]"
    facts = recordings(load_config(repository / "configs/tiny.yaml", [manifests, "data.allow_missing=true"]))
    assert facts["count"] == len(rows) and set(facts["hours_by_license"]) == {"CC0-1.0"}


def test_statistics_are_of_the_training_frames(make):
    batches = make()
    mean, std = batches.statistics()
    assert mean.shape == std.shape == (40,)
    assert (std > 0).all()


def test_steps_are_bounded_by_what_there_is(make):
    batches = make("training.steps_per_epoch=2")
    assert batches.steps == 2
    with pytest.raises(ConfigError, match=r"steps_per_epoch must be at most 4, .*received 5"):
        make("training.steps_per_epoch=5")
