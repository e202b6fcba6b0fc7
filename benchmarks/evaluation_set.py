"""A fixed, seeded evaluation set out of a split of the corpora: speech, noise, music, telephones, rooms.

The mixing is plain and is written here on purpose: nothing of `vad.data`, which mixes for training, is used, so that a
model cannot be good at this set by having learnt the mixer. What is mixed:

* **labelled**: the real recordings with hand labels, as they are.
* **clean**: recordings of 30 s, each out of utterances of one source with pauses of 0.15 to 3 s (log-normal, median
  0.6 s) between them over faint white noise 50 dB below the speech. Half of the recordings are made of utterances of
  at least 4 s, half of shorter ones, the sources in turn. Labels: energy on each utterance before it is mixed, by
  `LABELS`; utterances whose background lies less than 25 dB below their speech are left out.
* **noise-20 … noise-0**, **music-10 … music-0**: the clean recordings with noise or music of the same split at that
  ratio, in dB, of the RMS of the speech inside its labels to the RMS of the whole background. A background is clips
  brought to one RMS, end to end, sources in turn.
* **telephone**: the clean recordings at 8 kHz, 300 to 3400 Hz, through mu-law and back.
* **room**: the clean recordings in a simulated room: noise that decays by 60 dB in 0.4 to 0.9 s behind the direct
  sound, direct to reverberant 0 to 6 dB. Labels are those of the dry speech: the tail is no speech.
* **noise-only**, **music-only**, **nonverbal-only**, **babble-only**: no speech at all, 30 s each.

Speech lies at -32 to -18 dBFS, backgrounds alone at -45 to -18 dBFS. What would clip is turned down as a whole.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from vad.audio import Resampler, read
from vad.labels import LabelRule, energy_segments
from vad.manifests import Clip, Recording, read_manifests, resolve, write_manifest
from vad.segments import Segment, Timeline

RATE = 16000
LENGTH = 30 * RATE
# Written out, not taken from the defaults: the set must not change when the labels for training do.
LABELS = LabelRule(
    floor_percentile=8.0,
    onset_db=10.0,
    offset_db=6.0,
    min_range_db=20.0,
    max_range_db=35.0,
    weak_range_db=22.0,
    weak_s=0.08,
    low_cut_hz=120.0,
    max_gap_s=0.15,
    min_speech_s=0.06,
    pad_start_s=0.0,
    pad_end_s=0.0,
)
SPEECH_RANGE_DB = 25.0
FLUENT_S = 4.0
MIXTURES = {"noise": (20, 10, 5, 0), "music": (10, 5, 0)}
ALONE = ("noise", "music", "nonverbal", "babble")
# Said to hold no speech; but what woke a listener for one word by mistake is mostly somebody who says another.
SPOKEN = "ovos-noises/false_activations*"

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """A recording of the set: float32 samples at 16 kHz and the speech in it."""

    samples: Samples
    speech: Timeline


def judged_by(manifests: Path, split: str) -> list[Recording]:
    """Returns the rows of a split, less those of `SPOKEN`."""
    return [row for row in read_manifests([manifests]) if row.split == split and not fnmatchcase(row.id, SPOKEN)]


class Corpus:
    """The recordings of one split under a data home, by kind."""

    def __init__(self, home: Path, manifests: Path, split: str) -> None:
        self.manifests, self.split = manifests, split
        rows = judged_by(manifests, split)
        self._clips = [(row, clip) for row in rows if (clip := resolve(row, home)) is not None]

    def of(self, kind: str) -> list[tuple[Recording, Clip]]:
        """Returns the recordings of a kind whose audio is there, in order of id."""
        return sorted(((row, clip) for row, clip in self._clips if row.kind == kind), key=lambda pair: pair[0].id)

    def in_turn(
        self, kind: str, random: np.random.Generator, wanted: Callable[[Recording], bool] = lambda _: True
    ) -> Iterator[tuple[str, Iterator[Samples]]]:
        """Yields (source, its clips in random order, again and again), the sources in turn, without end."""
        sources: dict[str, list[Clip]] = {}
        for row, clip in self.of(kind):
            if wanted(row):
                sources.setdefault(row.source, []).append(clip)
        endless = {name: _again_and_again(clips, random) for name, clips in sorted(sources.items())}
        while endless:
            yield from endless.items()


@dataclass(frozen=True)
class Recipe:
    """What a set is made of.

    Attributes:
        script: the file that says so; the set is made anew when it changes.
        conditions: yields each condition's name and recordings out of a corpus, so many of each at the most, by a seed.
    """

    script: Path
    conditions: Callable[[Corpus, int, int], Iterator[tuple[str, list[Take]]]]


def build(folder: Path, corpus: Corpus, *, minutes: float, seed: int, recipe: Recipe) -> list[Recording]:
    """Writes the set as WAV files and one manifest; the first part of an id is the condition.

    Args:
        folder: where to; an empty folder or a new one.
        corpus: what to make it of.
        minutes: length of each condition at the most.
        seed: the same seed, corpus and length give the same samples.
        recipe: which conditions.

    Returns:
        The rows of the manifest.
    """
    count = max(2, round(minutes * 60 * RATE / LENGTH))
    rows = []
    for condition, takes in recipe.conditions(corpus, count, seed):
        for number, take in enumerate(takes):
            rows.append(_write(folder, f"{condition}/{number:03d}", take, corpus.split))
    write_manifest(folder / "manifest.jsonl", rows)
    return rows


def conditions(corpus: Corpus, count: int, seed: int) -> Iterator[tuple[str, list[Take]]]:
    """Yields each condition's name and recordings; conditions that the split has nothing for are left out."""
    yield "labelled", [Take(loaded(clip), row.speech or Timeline()) for row, clip in corpus.of("labelled")]
    clean = list(clean_takes(corpus, count, seeded(seed, "clean")))
    yield "clean", clean
    for kind, ratios in MIXTURES.items():
        for ratio in ratios:
            name = f"{kind}-{ratio}"
            # The same backgrounds at every ratio: what differs is the ratio alone.
            beds = backgrounds(corpus, kind, seeded(seed, kind))
            yield name, [Take(mixed(t, bed, ratio), t.speech) for t, bed in zip(clean, beds, strict=False)]
    yield "telephone", [Take(telephone(take.samples), take.speech) for take in clean]
    random = seeded(seed, "room")
    yield "room", [Take(in_room(take.samples, random), take.speech) for take in clean]
    for kind in ALONE:
        random = seeded(seed, f"{kind}-only")
        seconds = sum(clip.duration_s for _, clip in corpus.of(kind))
        takes = min(count, int(seconds * RATE / LENGTH))  # nothing is played twice
        beds = backgrounds(corpus, kind, random)
        levels = random.uniform(-45, -18, takes)
        yield f"{kind}-only", [Take(_at(bed, level), Timeline()) for bed, level in zip(beds, levels, strict=False)]


def clean_takes(corpus: Corpus, count: int, random: np.random.Generator) -> Iterator[Take]:
    """Yields recordings of utterances with pauses, fluent speech and short utterances alternately."""
    halves = [
        corpus.in_turn("speech", random, lambda row: FLUENT_S <= row.duration_s <= 20.0),
        corpus.in_turn("speech", random, lambda row: row.duration_s < FLUENT_S),
    ]
    for number in range(count):
        found = next(halves[number % 2], None)
        if found is not None:
            yield with_pauses(found[1], random)


def with_pauses(utterances: Iterator[Samples], random: np.random.Generator) -> Take:
    """Lays clean utterances out with pauses over faint noise, 30 s of them."""
    samples = np.zeros(LENGTH, np.float32)
    segments: list[Segment] = []
    level = random.uniform(-32, -18)
    place = _pause(random)
    for _ in range(1000):  # a source of nothing but unusable utterances must not hang
        utterance = next(utterances)
        speech = energy_segments(utterance, RATE, LABELS)
        if not _is_clean(utterance, speech):
            continue
        if place + utterance.size > LENGTH:
            break
        gain = 10 ** (level / 20) / rms_within(utterance, speech)
        samples[place : place + utterance.size] = _faded(utterance) * gain
        segments += speech.shift(place / RATE)
        place += utterance.size + _pause(random)
    faint = random.standard_normal(LENGTH) * 10 ** ((level - 50) / 20)
    return Take((samples + faint).astype(np.float32), Timeline(segments))


def backgrounds(corpus: Corpus, kind: str, random: np.random.Generator) -> Iterator[Samples]:
    """Yields 30 s of clips of one kind, each brought to an RMS of 1, end to end."""
    clips = corpus.in_turn(kind, random)
    rest = np.zeros(0, np.float32)
    for _, source in clips:
        clip = next(source)
        rms = float(np.sqrt(np.mean(np.square(clip, dtype=np.float64))))
        if rms > 1e-5:  # digital silence is no background
            rest = np.concatenate([rest, _faded(clip[:LENGTH]) / np.float32(rms)])
        while rest.size >= LENGTH:
            yield rest[:LENGTH]
            rest = rest[LENGTH:]


def mixed(take: Take, background: Samples, ratio_db: float) -> Samples:
    """Adds a background at a ratio of speech RMS (inside the labels) to background RMS (all of it)."""
    loudness = rms_within(take.samples, take.speech)
    bed = float(np.sqrt(np.mean(np.square(background, dtype=np.float64))))
    return (take.samples + background * (loudness / bed * 10 ** (-ratio_db / 20))).astype(np.float32)


def telephone(samples: Samples) -> Samples:
    """Takes samples through a telephone: 8 kHz, 300 to 3400 Hz, 8-bit mu-law."""
    narrow = _resampled(samples, RATE, 8000)
    spectrum = np.fft.rfft(narrow)
    frequency = np.fft.rfftfreq(narrow.size, 1 / 8000)
    spectrum[(frequency < 300) | (frequency > 3400)] = 0
    band = np.clip(np.fft.irfft(spectrum, narrow.size), -1, 1)
    coded = np.round(np.sign(band) * np.log1p(255 * np.abs(band)) / np.log(256) * 127) / 127
    decoded = np.sign(coded) * (256 ** np.abs(coded) - 1) / 255
    return _resampled(decoded.astype(np.float32), 8000, RATE)[: samples.size]


def in_room(samples: Samples, random: np.random.Generator, direct_db: tuple[float, float] = (0.0, 6.0)) -> Samples:
    """Puts samples into a room whose reverberation is noise that decays exponentially behind the direct sound.

    Args:
        samples: the dry sound.
        random: makes the room.
        direct_db: between which levels, in dB over the reverberation, the direct sound lies.
    """
    decay_s, above_db = random.uniform(0.4, 0.9), random.uniform(*direct_db)
    time = np.arange(int(decay_s * RATE)) / RATE
    tail = random.standard_normal(time.size) * 10 ** (-3 * time / decay_s)
    tail[: RATE // 500] = 0  # the first reflection comes 2 ms behind
    response = tail / np.sqrt(np.sum(tail**2)) * 10 ** (-above_db / 20)
    response[0] = 1
    size = 1 << (samples.size + response.size - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)
    return wet[: samples.size].astype(np.float32)


def rms_within(samples: Samples, speech: Timeline) -> float:
    """Returns the RMS of the samples that lie in the segments; of all of them where there are none."""
    inside = _inside(samples.size, speech)
    return float(np.sqrt(np.mean(np.square(samples[inside] if inside.any() else samples, dtype=np.float64))))


def _inside(n_samples: int, speech: Timeline) -> NDArray[np.bool_]:
    inside = np.zeros(n_samples, bool)
    for segment in speech:
        inside[round(segment.start * RATE) : round(segment.end * RATE)] = True
    return inside


def _is_clean(samples: Samples, speech: Timeline) -> bool:
    """Whether there is speech and what lies outside it, if that is 50 ms or more, is far below it."""
    inside = _inside(samples.size, speech)
    if not inside.any():
        return False
    outside = samples[~inside].astype(np.float64)
    if outside.size < 0.05 * RATE:
        return True
    ratio = np.mean(outside**2) / np.mean(samples[inside].astype(np.float64) ** 2)
    return bool(10 * np.log10(ratio + 1e-12) <= -SPEECH_RANGE_DB)


def _pause(random: np.random.Generator) -> int:
    return int(np.clip(0.6 * np.exp(0.7 * random.standard_normal()), 0.15, 3.0) * RATE)


def _faded(samples: Samples) -> Samples:
    """Fades the first and last 5 ms so that cuts do not click."""
    ramp = np.minimum(1.0, np.arange(samples.size) / (0.005 * RATE)).astype(np.float32)
    return samples * ramp * ramp[::-1]


def _at(samples: Samples, level_db: float) -> Samples:
    return samples * np.float32(10 ** (level_db / 20) / np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _again_and_again(clips: Sequence[Clip], random: np.random.Generator) -> Iterator[Samples]:
    while True:
        for number in random.permutation(len(clips)):
            yield loaded(clips[number])


def loaded(clip: Clip) -> Samples:
    """Reads a clip at the rate of the set."""
    return read(clip.path, sample_rate=RATE, offset_s=clip.offset_s, duration_s=clip.duration_s)


def _resampled(samples: Samples, source: int, target: int) -> Samples:
    resampler = Resampler(source, target)
    return np.concatenate([resampler.push(samples), resampler.flush()])


def seeded(seed: int, name: str) -> np.random.Generator:
    """Returns the generator of one condition."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _write(folder: Path, name: str, take: Take, split: str) -> Recording:
    path = folder / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    peak = float(np.abs(take.samples).max(initial=0.0))
    soundfile.write(path, take.samples / max(1.0, peak / 0.99), RATE, subtype="PCM_16")
    duration_s = take.samples.size / RATE
    condition = name.split("/", maxsplit=1)[0]
    return Recording(
        id=name,
        audio=f"{name}.wav",
        offset_s=0.0,
        duration_s=duration_s,
        kind=condition.removesuffix("-only") if condition.endswith("-only") else "labelled",
        speech=take.speech.intersection(Timeline([Segment(0.0, duration_s)])),
        label_source="reference" if take.speech.speech_s else "no-speech",
        speaker=None,
        language=None,
        split=split,
        license="see the manifests of the corpora",
        tier="share-alike",
    )


STANDARD = Recipe(Path(__file__).resolve(), conditions)
