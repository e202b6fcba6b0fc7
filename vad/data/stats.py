"""Counting recordings: hours and clips by what they are, and speakers that splits share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vad.manifests import KINDS, SPLITS, Recording


@dataclass(frozen=True, slots=True)
class Amount:
    """So many clips and so many hours of them."""

    clips: int = 0
    hours: float = 0.0

    def plus(self, duration_s: float) -> Amount:
        """Returns the amount with one more clip of that many seconds."""
        return Amount(self.clips + 1, self.hours + duration_s / 3600)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a set of recordings amounts to.

    Attributes:
        total: everything.
        by_kind: kind → split → amount; kinds and splits that are there, in their stated order.
        by_group: ``language``, ``license``, ``tier``, ``label_source`` → value → amount, most hours first; the
            value of an unknown language is ``unknown``.
        speakers: split → number of known speakers.
        shared_speakers: speaker → the splits, where there are several; anything in here is an error.
    """

    total: Amount
    by_kind: Mapping[str, Mapping[str, Amount]]
    by_group: Mapping[str, Mapping[str, Amount]]
    speakers: Mapping[str, int]
    shared_speakers: Mapping[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, object]:
        """Returns the counts as JSON values."""
        return {
            "total": _values(self.total),
            "by_kind": {
                kind: {split: _values(amount) for split, amount in splits.items()}
                for kind, splits in self.by_kind.items()
            },
            **{
                f"by_{group}": {value: _values(amount) for value, amount in amounts.items()}
                for group, amounts in self.by_group.items()
            },
            "speakers": dict(self.speakers),
            "shared_speakers": {speaker: list(splits) for speaker, splits in self.shared_speakers.items()},
        }


def count_recordings(rows: Iterable[Recording]) -> Statistics:
    """Counts recordings by kind and split, language, licence, tier and label source.

    Args:
        rows: the recordings, from any number of manifests.
    """
    rows = list(rows)
    total = Amount()
    by_kind: dict[str, dict[str, Amount]] = {}
    groups: dict[str, dict[str, Amount]] = {"language": {}, "license": {}, "tier": {}, "label_source": {}}
    for row in rows:
        total = total.plus(row.duration_s)
        _add(by_kind.setdefault(row.kind, {}), row.split, row.duration_s)
        for name, amounts in groups.items():
            value = getattr(row, name)
            _add(amounts, "unknown" if value is None else value, row.duration_s)
    splits_of = speaker_splits(rows)
    return Statistics(
        total=total,
        by_kind={kind: _in_order(by_kind[kind], SPLITS) for kind in KINDS if kind in by_kind},
        by_group={name: _most_first(amounts) for name, amounts in groups.items()},
        speakers={split: sum(split in found for found in splits_of.values()) for split in SPLITS},
        shared_speakers={name: found for name, found in splits_of.items() if len(found) > 1},
    )


def speaker_splits(rows: Iterable[Recording]) -> dict[str, tuple[str, ...]]:
    """Returns the splits that each known speaker is in, in the order train, dev, test."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.speaker is not None:
            found.setdefault(row.speaker, set()).add(row.split)
    return {speaker: tuple(split for split in SPLITS if split in splits) for speaker, splits in found.items()}


def _add(amounts: dict[str, Amount], key: str, duration_s: float) -> None:
    amounts[key] = amounts.get(key, Amount()).plus(duration_s)


def _in_order(amounts: dict[str, Amount], order: tuple[str, ...]) -> dict[str, Amount]:
    return {key: amounts[key] for key in order if key in amounts}


def _most_first(amounts: dict[str, Amount]) -> dict[str, Amount]:
    return dict(sorted(amounts.items(), key=lambda item: (-item[1].hours, item[0])))


def _values(amount: Amount) -> dict[str, float]:
    return {"clips": amount.clips, "hours": round(amount.hours, 6)}
