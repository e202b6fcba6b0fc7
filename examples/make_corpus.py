"""Makes the tiny corpus: voices, noises, music and rooms, all by rule, with its manifest.

    python examples/make_corpus.py

Needs espeak-ng; takes half a minute. The same versions of espeak-ng and libsndfile give the same files. Everything in
it is free to use (CC0-1.0).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import sentences
import soundfile
from ogg import fix_serial_numbers
from synthesis import MUSIC, NOISES, RATE, Samples, room, speak, to_peak

from vad.manifests import Recording, write_manifest
from vad.segments import Timeline

EXAMPLES = Path(__file__).resolve().parent
CORPUS = EXAMPLES / "corpus"
MANIFEST = EXAMPLES.parent / "data_manifests" / "tiny.jsonl.gz"
# Of libsndfile's scale from 0 (best) to 1; about 20 kbit/s.
OPUS_COMPRESSION = 0.93
GAP_S = 0.25
# Variant of espeak-ng's voice, pitch, words a minute.
TRAIN_SPEAKERS = (("m1", 45, 150), ("f2", 58, 165), ("m3", 30, 135), ("f4", 70, 150), ("m7", 52, 180), ("f1", 64, 140))
DEV_SPEAKERS = (("m5", 38, 145), ("f5", 62, 160))
NOISE_S = {"train": 9.0, "dev": 6.0}
ROUNDS = {"train": {"noise": 2, "music": 3}, "dev": {"noise": 1, "music": 1}}
REVERBERATION_S = (0.2, 0.3, 0.4, 0.55, 0.7, 0.9)


def generator(*names: str) -> np.random.Generator:
    """Returns a generator that depends on names alone: new items leave the others as they are."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def write_container(name: str, clips: dict[str, Samples], **fields: object) -> list[Recording]:
    """Writes clips end to end in one file, silence between them, and returns their rows."""
    path = CORPUS / name
    gap = np.zeros(int(GAP_S * RATE), np.float32)
    samples = np.concatenate([part for clip in clips.values() for part in (gap, clip)] + [gap])
    if path.suffix == ".ogg":
        soundfile.write(path, samples, RATE, format="OGG", subtype="OPUS", compression_level=OPUS_COMPRESSION)
        fix_serial_numbers(path)
    else:
        soundfile.write(path, samples, RATE)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    rows, position = [], len(gap)
    for clip, body in clips.items():
        row = Recording(
            id=f"tiny/{clip}",
            audio=f"../examples/corpus/{name}",
            offset_s=position / RATE,
            duration_s=len(body) / RATE,
            license="CC0-1.0",
            tier="permissive",
            sha256=checksum,
            **fields,  # type: ignore[arg-type]
        )
        rows.append(row)
        position += len(body) + len(gap)
    return rows


def utterances(split: str, language: str, speaker: tuple[str, int, int]) -> dict[str, Samples]:
    """Returns what one speaker says: some sentences alone, some with a pause between them."""
    variant, pitch, speed = speaker
    voice = f"{'en-us' if language == 'en' else language}+{variant}"
    rng = generator(split, language, variant)
    texts = (sentences.TRAIN if split == "train" else sentences.DEV)[language]
    clips: dict[str, Samples] = {}
    held: list[Samples] = []
    for number, text in enumerate(texts):
        held.append(speak(text, voice, pitch=pitch, speed=speed + int(rng.integers(-10, 11))))
        if number + 1 < len(texts) and rng.random() < 0.35:
            held.append(np.zeros(int(rng.uniform(0.3, 1.2) * RATE), np.float32))
            continue
        silence = np.zeros(int(rng.uniform(0.1, 0.4) * RATE), np.float32)
        clip = np.concatenate([silence, *held, silence])
        # The noise of a quiet room, 50 to 65 dB under full scale, and at some desks none.
        floor = 10 ** (-rng.uniform(50, 65) / 20) * (rng.random() < 0.7)
        clips[f"{split}/{language}-{variant}/{number:02d}"] = (
            clip * rng.uniform(0.4, 1.0) + floor * rng.normal(size=len(clip))
        ).astype(np.float32)
        held = []
    return clips


def make_speech(split: str) -> list[Recording]:
    rows = []
    for number, language in enumerate(sentences.TRAIN if split == "train" else sentences.DEV):
        speakers = DEV_SPEAKERS
        if split == "train":
            speakers = tuple(TRAIN_SPEAKERS[(2 * number + k) % len(TRAIN_SPEAKERS)] for k in range(2))
        for speaker in speakers:
            name = f"{language}-{speaker[0]}"
            clips = utterances(split, language, speaker)
            rows += write_container(
                f"{split}-{name}.ogg",
                clips,
                kind="speech",
                speech=None,
                label_source="none",
                speaker=f"tiny/{name}",
                language=language.split("-")[0],
                split=split,
            )
    return rows


def make_sounds(split: str, kind: str) -> list[Recording]:
    n = int(NOISE_S[split] * RATE)
    clips = {
        f"{split}/{name}-{take}": to_peak(make(generator(split, name, str(take)), n))
        for name, make in (NOISES if kind == "noise" else MUSIC).items()
        for take in range(ROUNDS[split][kind])
    }
    return write_container(f"{split}-{kind}.ogg", clips, kind=kind, split=split, **no_speech())


def make_rooms() -> list[Recording]:
    # Not in Opus: a response is a few samples that matter, which a codec for voices smears.
    clips = {f"train/room-{t:g}": room(generator("room", str(t)), t) for t in REVERBERATION_S}
    return write_container("train-rir.flac", clips, kind="rir", split="train", **no_speech())


def no_speech() -> dict[str, object]:
    return {"speech": Timeline(), "label_source": "no-speech", "speaker": None, "language": None}


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for old in CORPUS.iterdir():
        old.unlink()
    rows = [row for split in ("train", "dev") for row in make_speech(split)]
    rows += [row for split in ("train", "dev") for kind in ("noise", "music") for row in make_sounds(split, kind)]
    write_manifest(MANIFEST, rows + make_rooms())


if __name__ == "__main__":
    main()
