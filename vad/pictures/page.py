"""A picture of a recording to explore: one HTML file with the sound in it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Final

import numpy as np

from vad import __version__
from vad.decision import DecisionRule
from vad.frames import seconds_to_samples
from vad.pictures.audio import LIMIT_S, Sound
from vad.pictures.template import asset, embed, encoded, escape, fill, packed, write_page
from vad.pictures.view import Detail, View
from vad.segments import Timeline

__all__ = ["PAGE_DETAIL", "command_name", "packed_wave", "page", "save_page"]

PAGE_DETAIL: Final = Detail(wave_bins=60000, mel_columns=30000)
"""Enough to zoom into: five minutes keep every frame, an hour a column for every 0.08 s."""


def save_page(
    view: View, path: Path, *, sound: Sound | None, model_rule: DecisionRule, silent: str | None = None
) -> None:
    """Writes the page of a view, whole or not at all.

    Args:
        view: what is shown, gathered with `PAGE_DETAIL`.
        path: the file.
        sound: of the part shown; None for a page that does not play.
        model_rule: the model's own rule, from which the page tells which options are needed.
        silent: why there is no sound; None says that it is too long.

    Raises:
        VadError: when the file cannot be written.
    """
    write_page(page(view, sound=sound, model_rule=model_rule, silent=silent), path)


def page(view: View, *, sound: Sound | None, model_rule: DecisionRule, silent: str | None = None) -> str:
    """Returns the page of a view as text; arguments as in `save_page`."""
    too_long = f"No sound: the part shown is longer than {LIMIT_S / 60:g} minutes. --start and --end choose a part."
    data: dict[str, Any] = {
        "start_s": view.start_s,
        "end_s": view.end_s,
        "n_samples": view.n_samples,
        "grid": {
            "sample_rate": view.grid.sample_rate,
            "win_length": view.grid.win_length,
            "hop_length": view.grid.hop_length,
        },
        "rule": view.rule.to_dict(),
        "model_rule": model_rule.to_dict(),
        "command_name": command_name(view),
        "posteriors": packed(view.posteriors.astype("<f4")),
        "reference": None if view.reference is None else _in_samples(view.reference, view.grid.sample_rate),
        "wave": packed_wave(view),
        "mel": _mel(view),
        "audio": None if sound is None else {"type": sound.media_type, "data": encoded(sound.data)},
        "silent": too_long if silent is None else silent,
    }
    slots = {
        "title": escape(view.name),
        "version": escape(__version__),
        "theme": asset("theme.css"),
        "style": asset("page.css"),
        "script": asset("unpack.js", "decision.js", "command.js", "draw.js", "pointers.js", "page.js"),
        "data": embed(data),
    }
    return fill(asset("page.html"), slots)


def command_name(view: View) -> str:
    """Returns what a shell calls the recording of a view: its name, and the channel that was listened to."""
    return shlex.quote(view.name) + ("" if view.channel is None else f" --channel {view.channel}")


def _in_samples(timeline: Timeline, rate: int) -> list[tuple[int, int]]:
    pairs = [(seconds_to_samples(s.start, rate), seconds_to_samples(s.end, rate)) for s in timeline]
    return [pair for pair in pairs if pair[0] < pair[1]]


def packed_wave(view: View) -> dict[str, Any]:
    """Returns the waveform as pages have it: 16-bit lowest and highest samples of bins."""
    steps = np.round(np.clip(view.wave, -1, 1) * 32767).astype("<i2")
    peak = int(np.abs(steps.astype(np.int32)).max())
    return {"bin_s": view.wave_bin_s, "peak": peak, "data": packed(steps)}


def _mel(view: View) -> dict[str, Any]:
    low, high = np.percentile(view.mel, [2, 99.8]) if view.mel.size else (0.0, 1.0)
    steps = np.round(np.clip((view.mel - low) / max(high - low, 1e-3), 0, 1) * 255).astype(np.uint8)
    return {
        "start_s": view.mel_start_s,
        "column_s": view.mel_column_s,
        "columns": view.mel.shape[0],
        "bands": view.mel.shape[1],
        "data": packed(steps),
    }
