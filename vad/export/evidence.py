"""The sound that a model is calibrated and proved on: real speech, half of it in real noise, as one long stream."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vad.errors import ManifestError, ModelError
from vad.frames import FrameGrid, seconds_to_samples
from vad.labels import LabelRule, energy_segments, timeline_to_labels
from vad.manifests import Clip, Recording, data_home, read_manifests, resolve
from vad.segments import Timeline

_N_CLIPS = 72
_CLIP_S = 6.0
_PAUSE_S = 0.5
# Every other clip is clean; the rest in noise, at these ratios in turn.
_SNR_DB = (None, 20.0, None, 10.0, None, 5.0)
# Peaks of the clips, so that quiet and loud talkers are among them.
_PEAKS = (0.5, 0.05, 0.9, 0.2)


@dataclass(frozen=True, eq=False)
class Evidence:
    """A stream with known speech.

    Args:
        samples: float32 mono ``(n,)`` at the sample rate of the features.
        origin: where they come from, in words.
        speech: where somebody speaks; by energy where nobody labelled it.
    """

    samples: NDArray[np.float32]
    origin: str
    speech: Timeline = field(default_factory=Timeline)

    def labels(self, grid: FrameGrid) -> NDArray[np.bool_]:
        """Returns whether each frame is speech."""
        labels, _ = timeline_to_labels(self.speech, grid.count(len(self.samples)), grid)
        return labels.astype(bool)


def find_rows(manifests: Sequence[Path | str]) -> list[Recording]:
    """Returns the rows of manifests, or where they are not there of the first corpus at hand.

    In turn: `manifests`, as a config names them; those under the data home; the small corpus of the
    repository.
    """
    repository = Path(__file__).resolve().parents[2]
    places: list[Sequence[Path | str]] = [
        manifests,
        sorted((data_home() / "manifests").glob("*.jsonl*")),
        sorted((repository / "data_manifests").glob("tiny.jsonl.gz")),
    ]
    for place in places:
        try:
            rows = read_manifests(place) if place else []
        except ManifestError:  # a run that was moved to a machine without its corpora
            continue
        if any(resolve(row, data_home()) is not None for row in rows if row.kind == "speech"):
            return rows
    return []


def find_evidence(
    rows: Sequence[Recording], sample_rate: int, *, split: str = "dev", rule: LabelRule | None = None
) -> Evidence:
    """Returns speech of a split as one stream, or generated sound where none of it is there.

    Args:
        rows: of the corpus, from `find_rows`.
        sample_rate: of the result, in Hz.
        split: what it is taken from: ``dev`` to prove on, which training did not see, ``train`` to calibrate on.
        rule: how speech is found by its energy.
    """
    speech, noise = (_clips(rows, split, kind) for kind in ("speech", "noise"))
    if not speech:
        samples = generate_voice(sample_rate)
        origin = f"generated voice (no speech of the {split} split is there)"
        return Evidence(samples, origin, energy_segments(samples, sample_rate, rule))
    backgrounds = itertools.cycle(noise) if noise else None
    parts: list[NDArray[np.float32]] = []
    pairs: list[tuple[float, float]] = []
    at = 0
    for number, (row, clip) in enumerate(speech):
        samples = _read(clip, sample_rate)
        known = row.speech.crop(0, _CLIP_S) if row.speech is not None else energy_segments(samples, sample_rate, rule)
        pairs += known.shift(at / sample_rate).to_pairs()
        snr_db = _SNR_DB[number % len(_SNR_DB)]
        mixed = np.concatenate([samples, np.zeros(seconds_to_samples(_PAUSE_S, sample_rate), np.float32)])
        if backgrounds is not None and snr_db is not None:
            mixed += _background(_read(next(backgrounds)[1], sample_rate), mixed, snr_db)
        parts.append(_to_peak(mixed, _PEAKS[number % len(_PEAKS)]))
        at += len(mixed)
    origin = f"{len(speech)} recordings of the {split} split{', half of them in noise' if noise else ''}"
    return Evidence(np.concatenate(parts), origin, Timeline.from_pairs(pairs))


def real_speech(rows: Sequence[Recording], sample_rate: int) -> Evidence:
    """Returns speech to calibrate on.

    Raises:
        ModelError: when there is none.
    """
    found = find_evidence(rows, sample_rate, split="train")
    if "generated" in found.origin:
        raise ModelError(
            "int8 and int16x8 are calibrated on real speech, and none of a train split is there: name a manifest with "
            "--manifest, or fetch a corpus with `vad data fetch`"
        )
    return found


def _clips(rows: Sequence[Recording], split: str, kind: str) -> list[tuple[Recording, Clip]]:
    """Returns a few recordings of a kind, spread over the sources of a split."""
    home = data_home()
    found = [(row, resolve(row, home)) for row in rows if row.split == split and row.kind == kind]
    there = [(row, clip) for row, clip in found if clip is not None]
    return there[:: max(1, -(-len(there) // _N_CLIPS))]


def _read(clip: Clip, sample_rate: int) -> NDArray[np.float32]:
    from vad.audio import read

    duration_s = min(_CLIP_S, clip.duration_s)
    return read(clip.path, sample_rate=sample_rate, offset_s=clip.offset_s, duration_s=duration_s)


def _background(noise: NDArray[np.float32], speech: NDArray[np.float32], snr_db: float) -> NDArray[np.float32]:
    """Returns noise as long as the speech, so many dB below it."""
    level, wanted = float(np.sqrt(np.mean(noise**2))), float(np.sqrt(np.mean(speech**2))) * 10 ** (-snr_db / 20)
    return np.resize(noise, len(speech)) * np.float32(wanted / level if level > 0 else 0)


def _to_peak(samples: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
    found = float(np.abs(samples).max())
    return samples * np.float32(peak / found) if found > 0 else samples


def generate_voice(sample_rate: int, duration_s: float = 20.0) -> NDArray[np.float32]:
    """Returns sound with what front-ends stumble over in a voice: gliding harmonics, syllables, breath, silence.

    Args:
        sample_rate: in Hz.
        duration_s: length in seconds.

    Returns:
        float32 ``(n,)`` in [-1, 1], the same on every call.
    """
    rng = np.random.default_rng(0)
    t = np.arange(int(duration_s * sample_rate)) / sample_rate
    pitch = 140 + 40 * np.sin(2 * np.pi * 0.3 * t) + 15 * np.sin(2 * np.pi * 2.1 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    voice = sum(np.sin(k * phase) / k * (1 + 0.8 * np.sin(2 * np.pi * t * 0.37 * k)) for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) * (np.sin(2 * np.pi * 0.21 * t) > -0.3)
    sound = 0.08 * voice * syllables + rng.normal(0, 0.002, len(t))
    sound[np.sin(2 * np.pi * 0.11 * t) > 0.9] = 0
    samples: NDArray[np.float32] = np.clip(sound, -1, 1).astype(np.float32)
    return samples
