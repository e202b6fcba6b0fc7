"""Laws of counting recordings."""

from __future__ import annotations

import json
import math
from pathlib import Path

from vad.data.stats import count_recordings, speaker_splits
from vad.manifests import Recording, read_manifests


def row(name: str, split: str, hours: float, **changes: str | None) -> Recording:
    values: dict[str, str | None] = {"kind": "speech", "speaker": None, "language": "en", **changes}
    return Recording(
        id=name,
        audio="a.wav",
        offset_s=0.0,
        duration_s=hours * 3600,
        speech=None,
        label_source="none",
        split=split,
        license="CC0-1.0",
        tier="permissive",
        **values,  # type: ignore[arg-type]
    )


ROWS = [
    row("a", "train", 1.0, speaker="x"),
    row("b", "dev", 0.5, speaker="y", language=None),
    row("c", "train", 2.0, kind="noise", language=None),
    row("d", "dev", 0.25, speaker="x"),
]


def test_every_grouping_adds_up_to_the_total() -> None:
    counted = count_recordings(ROWS)
    assert (counted.total.clips, counted.total.hours) == (4, 3.75)
    for amounts in counted.by_group.values():
        assert math.isclose(sum(amount.hours for amount in amounts.values()), 3.75)
    assert math.isclose(sum(amount.hours for amount in counted.by_kind["speech"].values()), 1.75)
    assert list(counted.by_group["language"]) == ["unknown", "en"]
    assert counted.by_kind["noise"]["train"].clips == 1


def test_speakers_that_splits_share_are_named() -> None:
    counted = count_recordings(ROWS)
    assert counted.shared_speakers == {"x": ("train", "dev")}
    assert counted.speakers == {"train": 1, "dev": 2, "test": 0}
    assert speaker_splits(ROWS[:3]) == {"x": ("train",), "y": ("dev",)}


def test_the_counts_are_json() -> None:
    counts = json.loads(json.dumps(count_recordings(ROWS).to_dict()))
    assert counts["by_kind"]["speech"]["train"] == {"clips": 1, "hours": 1.0}
    assert counts["shared_speakers"] == {"x": ["train", "dev"]}


def test_nothing_counts_as_nothing() -> None:
    assert count_recordings([]).total.clips == 0


def test_the_carried_manifests_keep_speakers_apart(repository: Path) -> None:
    rows = read_manifests(["data_manifests"], repository)
    counted = count_recordings(rows)
    assert counted.shared_speakers == {}
    assert set(counted.by_kind) >= {"speech", "noise", "music", "nonverbal", "babble", "rir", "labelled"}
    assert counted.total.hours > 20
