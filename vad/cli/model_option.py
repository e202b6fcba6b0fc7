"""The option that names the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def model_option(kinds: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns the option ``-m``, whose value is None for the packaged model.

    Args:
        kinds: which models the command takes, where it does not take all.
    """
    return click.option(
        "-m",
        "--model",
        type=click.Path(path_type=Path),
        show_default="the model of the package",
        help=f"A .tflite made by `vad export`{kinds}.",
    )
