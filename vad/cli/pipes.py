"""Commands that read a recording more than once take no pipe."""

from __future__ import annotations

from pathlib import Path

import click


def refuse_pipe(recording: Path) -> None:
    """Refuses standard input, and a path that leads to a pipe.

    Raises:
        click.UsageError: with what to do instead.
    """
    if str(recording) == "-" or recording.is_fifo():
        name = click.get_current_context().info_name
        raise click.UsageError(
            f"{recording}: vad {name} reads the recording more than once, so that it takes no pipe: write it to a file "
            "and name that"
        )
