"""The network as a page: one HTML file with its weights, to be stepped through and changed while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vad import __version__
from vad.explain.changes import LONGEST_PAST_S
from vad.explain.explanation import Explanation, Moment
from vad.explain.network import Layer
from vad.explain.pcen import Pcen
from vad.explain.units import GROUPS, Units
from vad.explain.words import decision_words, inputs_words, kept_words, saliency_words, singular, units_words
from vad.pictures.audio import Sound
from vad.pictures.page import command_name, packed_wave
from vad.pictures.template import asset, embed, encoded, escape, fill, packed, write_page

__all__ = ["explanation_page", "save_explanation_page"]

_SCRIPTS: Final = ("pcen.js", "lstm.js", "explain-draw.js", "explain-lanes.js", "explain-unit.js", "explain.js")
_SHARED_SCRIPTS: Final = ("unpack.js", "decision.js", "draw.js", "pointers.js")


def save_explanation_page(explanation: Explanation, path: Path, *, sound: Sound | None, limit: str = "") -> None:
    """Writes the page of an explanation, whole or not at all.

    Args:
        explanation: what is shown.
        path: the file.
        sound: of the part shown; None for a page that steps in silence.
        limit: said behind the times of the part: why it is no longer.

    Raises:
        VadError: when the file cannot be written.
    """
    write_page(explanation_page(explanation, sound=sound, limit=limit), path)


def explanation_page(explanation: Explanation, *, sound: Sound | None, limit: str = "") -> str:
    """Returns the page of an explanation as text; arguments as in `save_explanation_page`."""
    slots = {
        "title": escape(explanation.view.name),
        "version": escape(__version__),
        "theme": asset("theme.css"),
        "style": asset("explain.css", package="vad.explain"),
        "script": asset(*_SHARED_SCRIPTS) + asset(*_SCRIPTS, package="vad.explain"),
        "why": _why(explanation),
        "inputs": escape(inputs_words(explanation.network)),
        "hop": f"{1000 * explanation.view.grid.hop_length / explanation.view.grid.sample_rate:g} ms",
        "data": embed({**_data(explanation), "limit": limit, **_sound(sound)}),
    }
    return fill(asset("explain.html", package="vad.explain"), slots)


def _sound(sound: Sound | None) -> dict[str, Any]:
    audio = None if sound is None else {"type": sound.media_type, "data": encoded(sound.data)}
    return {"audio": audio, "silent": "Without sound: made with --no-audio."}


def _data(explanation: Explanation) -> dict[str, Any]:
    view, trace, network = explanation.view, explanation.trace, explanation.network
    grid = view.grid
    to_end = explanation.first_frame + explanation.n_frames == len(view.posteriors)
    n_samples = view.n_samples - explanation.first_frame * grid.hop_length
    return {
        "start_s": view.start_s,
        "end_s": view.end_s,
        "grid": {"sample_rate": grid.sample_rate, "win_length": grid.win_length, "hop_length": grid.hop_length},
        "rule": view.rule.to_dict(),
        "lookahead": explanation.lookahead,
        "first_frame": explanation.first_frame,
        "n_samples": n_samples if to_end else grid.samples_for(explanation.n_frames),
        "network": {
            "layers": [_layer(layer) for layer in network.layers],
            "output": packed(network.output.astype("<f4")),
            "offset": network.offset,
            "pcen": None if network.pcen is None else _pcen(network.pcen),
        },
        "before": {
            "layers": [{"h": packed(h.astype("<f8")), "c": packed(c.astype("<f8"))} for h, c in trace.before.layers],
            "mean": packed(trace.before.mean.astype("<f8")),
        },
        "frames": packed(trace.frames.astype("<f4")),
        "units": [_units(units) for units in explanation.units],
        "groups": dict(GROUPS),
        "singular": {group: singular(name) for group, name in GROUPS.items()},
        "wave": packed_wave(view),
        "command_name": command_name(view),
        "moment": {"step": explanation.moment.step, "time_s": explanation.moment.time_s},
    }


def _layer(layer: Layer) -> dict[str, str]:
    # In double precision: the first layer's has what its inputs are multiplied by in it.
    arrays = {"kernel": layer.kernel, "recurrent": layer.recurrent, "bias": layer.bias}
    return {name: packed(array.astype("<f8")) for name, array in arrays.items()}


def _pcen(pcen: Pcen) -> dict[str, Any]:
    return {"share": packed(pcen.share.astype("<f4")), "beside_frames": pcen.beside_frames}


def _units(units: Units) -> dict[str, Any]:
    return {
        "group": units.group,
        "order": units.order,
        "half_life_s": [_rounded(value) if np.isfinite(value) else None for value in units.half_life_s],
        "correlations": {name: _list(values) for name, values in units.correlations.items()},
        "words": units_words(units),
    }


def _list(values: NDArray[np.float64]) -> list[float]:
    return [_rounded(value) for value in values]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _why(explanation: Explanation) -> str:
    moment = explanation.moment
    parts = [
        f"<p>{escape(decision_words(explanation))} {escape(saliency_words(explanation))}</p>",
        '<div class="why"><div>',
        *_flipping(moment),
        "</div><div>",
    ]
    kept = list(kept_words(moment))
    if kept:
        head = "It would still be speech if" if moment.target.is_speech else "It would still not be speech if"
        parts += [f"<h3>{head}</h3><ul>", *(f"<li>{escape(words)}</li>" for words in kept), "</ul>"]
    note = f"Changes reach back {LONGEST_PAST_S:g} s at most; no more than 40 dB were tried."
    return "\n".join([*parts, "</div></div>", f'<p class="note">{note}</p>'])


def _flipping(moment: Moment) -> list[str]:
    flipping = [one for one in moment.changes if one.flips]
    if not flipping:
        return ["<h3>Nothing that was tried changes it</h3>"]
    head = "It would not be speech if" if moment.target.is_speech else "It would be speech if"
    items = (f"<li>{escape(one.words)} <small>posterior {one.posterior:.2f}</small></li>" for one in flipping)
    return [f"<h3>{head}</h3><ul>", *items, "</ul>"]
