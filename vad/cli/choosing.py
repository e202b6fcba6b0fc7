"""Which recordings of manifests are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from vad.cli.counts import counted
from vad.errors import ManifestError
from vad.manifests import KINDS, SPLITS, Recording, read_manifests

# A room's response is no recording of anything.
_KINDS = tuple(kind for kind in KINDS if kind != "rir")


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options split and kinds to a command."""
    command = click.option(
        "--kind", "kinds", type=click.Choice(_KINDS), multiple=True, help="Only this kind; may be repeated."
    )(command)
    return click.option("--split", type=click.Choice(SPLITS), help="Only recordings of this split.")(command)


def chosen(manifests: Sequence[str], split: str | None, kinds: Sequence[str]) -> list[Recording]:
    """Returns the recordings of a split and of some kinds; None and no kind are all.

    Raises:
        ManifestError: a manifest is wrong.
    """
    rows = read_manifests(manifests)
    return [row for row in rows if split in (None, row.split) and (not kinds or row.kind in kinds)]


def need_labels(manifests: Sequence[str], recordings: Sequence[Recording], purpose: str) -> None:
    """Refuses recordings of which none has labels.

    Args:
        manifests: where they come from.
        recordings: the chosen ones.
        purpose: what was to be done with them, such as ``score``.

    Raises:
        ManifestError: none has any; the message says what to do.
    """
    if all(recording.speech is None for recording in recordings):
        raise ManifestError(
            f"{', '.join(manifests)}: nothing to {purpose}: no labels in "
            f"{counted(len(recordings), 'chosen recording')}; give --split and --kind that have some, or label them "
            "(vad data import)"
        )
