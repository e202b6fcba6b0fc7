"""Options that say of one's own recordings what a manifest has to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from vad.manifests import SPLITS, TIERS

_OPTIONS = (
    click.option("--split", type=click.Choice(SPLITS), default="train", show_default=True, help="Of the recordings."),
    click.option("--licence", "--license", "license", default="own recordings", show_default=True),
    click.option("--tier", type=click.Choice(TIERS), default="permissive", show_default=True, help="Licence tier."),
    click.option("--language", help="Language code of all of them."),
    click.option(
        "--speaker-from",
        type=click.Choice(["none", "folder", "name", "prefix"]),
        default="none",
        show_default=True,
        help="What names the speaker; prefix is the file name up to the first _ or -.",
    ),
)


def corpus_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options split, license, tier, language and speaker_from to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
