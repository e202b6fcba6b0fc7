"""The `data` section of a config: which recordings, how they are labelled, mixed, stored and fed to training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator

from vad.config.section import Section
from vad.errors import did_you_mean
from vad.labels import LabelRule


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"expected [low, high] with low <= high, received [{bounds[0]:g}, {bounds[1]:g}]")
    return bounds


Bounds = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""A uniform range [low, high]."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A probability, or a part of the whole."""
Weights = dict[str, Annotated[float, Field(ge=0.0)]]
"""Relative weights by name; a name that is left out weighs 1."""


_KINDS = {"noise": 0.6, "music": 0.22, "nonverbal": 0.1, "babble": 0.02, "talkers": 0.06, "synthetic": 0.0}


class HoursConfig(Section):
    """Hours of mixtures by split.

    Attributes:
        train: for training. More hours only add excerpts: those there are stay as they are.
        dev: to choose a model with; never augmented later on.
    """

    train: PositiveFloat = 40.0
    dev: PositiveFloat = 2.0


class SpeechConfig(Section):
    """How utterances are laid out in an excerpt.

    Attributes:
        pause_s: pause between utterances, drawn log-uniformly.
        long_pause_share: how often a pause is a long one instead.
        long_pause_s: long pauses, drawn uniformly.
        sparse_share: how often an excerpt has no more than short utterances far apart.
        sparse_utterance_s: the longest that they may be, drawn uniformly for each.
        sparse_pause_s: pauses between them, drawn uniformly; the first begins anywhere.
        new_talker_share: how often another talker speaks next.
        overlap_share: how often the next utterance starts before the last one ends.
        overlap_s: by how much, drawn uniformly.
        mid_start_share: how often an excerpt starts in the middle of an utterance.
        talker_level_db: level of each talker against the others.
        utterance_level_db: level of each utterance against its talker.
        speed: playback speed of a talker, which moves pitch and formants too (1.2 is close to a child).
        speed_share: how often a talker's speed is changed.
        whisper_share: how often a talker whispers.
        room_tone_share: how often the gaps of a talker carry the background noise of the recording itself.
        bystander_share: how often others talk far away, too faint to count as speech.
        bystander_db: their level against the talkers near by.
        source_weights: weight of each source, times the square root of its hours.
    """

    pause_s: Bounds = (0.1, 3.0)
    long_pause_share: Share = 0.12
    long_pause_s: Bounds = (3.0, 10.0)
    sparse_share: Share = 0.0
    sparse_utterance_s: Bounds = (0.4, 4.0)
    sparse_pause_s: Bounds = (4.0, 20.0)
    new_talker_share: Share = 0.3
    overlap_share: Share = 0.08
    overlap_s: Bounds = (0.2, 2.0)
    mid_start_share: Share = 0.3
    talker_level_db: Bounds = (-8.0, 0.0)
    utterance_level_db: Bounds = (-4.0, 4.0)
    speed: Bounds = (0.85, 1.25)
    speed_share: Share = 0.4
    whisper_share: Share = 0.0
    room_tone_share: Share = 0.7
    bystander_share: Share = 0.0
    bystander_db: Bounds = (-45.0, -26.0)
    source_weights: Weights = Field(default={})


class NoiseConfig(Section):
    """What is mixed with the speech.

    Attributes:
        count_weights: weights of 0, 1, 2, … noises at once in an excerpt with speech.
        kind_weights: weights of the manifest's kinds among the noises; `talkers` is babble made of many voices,
            `synthetic` sounds made out of nothing.
        snr_db: signal-to-noise ratio of each noise on its own, drawn uniformly.
        speed: playback speed of a noise, drawn uniformly.
        speed_share: how often its speed is changed.
        reversed_share: how often a noise runs backwards.
        filter_share: how often it goes through a smooth random filter of its own.
        filter_db: the span of the filter's gains.
        event_share: how often a noise comes as single events with gaps instead of without end.
        gap_s: gaps between events, drawn log-uniformly.
        talkers: how many voices make babble.
        source_weights: weight of each source, times the square root of its hours.
    """

    count_weights: tuple[Annotated[float, Field(ge=0.0)], ...] = (0.0, 0.5, 0.35, 0.15)
    kind_weights: Weights = Field(default=_KINDS)
    snr_db: Bounds = (-5.0, 40.0)
    speed: Annotated[tuple[PositiveFloat, PositiveFloat], AfterValidator(_ordered)] = (0.7, 1.4)
    speed_share: Share = 0.0
    reversed_share: Share = 0.0
    filter_share: Share = 0.0
    filter_db: Annotated[float, Field(ge=0.0, le=60.0)] = 24.0
    event_share: Share = 0.35
    gap_s: Bounds = (0.2, 4.0)
    talkers: tuple[PositiveInt, PositiveInt] = (6, 12)
    source_weights: Weights = Field(default={})

    @model_validator(mode="after")
    def _can_draw(self) -> NoiseConfig:
        if not sum(self.count_weights) > 0 or not sum(self.kind_weights.values()) > 0:
            raise ValueError("count_weights and kind_weights each need one weight above 0")
        unknown = sorted(set(self.kind_weights) - set(_KINDS))
        if unknown:
            raise ValueError(
                f"kind_weights: expected names of {', '.join(_KINDS)}, received {unknown[0]!r}"
                f"{did_you_mean(unknown[0], _KINDS)}"
            )
        if self.talkers[0] > self.talkers[1]:
            raise ValueError(f"talkers: expected [low, high] with low <= high, received {list(self.talkers)}")
        return self


class RoomsConfig(Section):
    """Rooms around talkers and noises.

    Attributes:
        talker_share: how often a talker stands in a room.
        noise_share: how often a noise does.
        recorded_share: how many of the rooms are recorded responses (where the manifests have any); the rest is
            simulated by image sources and a decaying diffuse tail.
        size_m: length and width of simulated rooms.
        height_m: their height.
        rt60_s: their reverberation time.
        distance_m: from talker to microphone, drawn log-uniformly.
        max_tail_s: responses are cut here.
    """

    talker_share: Share = 0.5
    noise_share: Share = 0.25
    recorded_share: Share = 0.2
    size_m: Bounds = (2.5, 12.0)
    height_m: Bounds = (2.2, 4.5)
    rt60_s: Bounds = (0.1, 0.9)
    distance_m: Bounds = (0.2, 6.0)
    max_tail_s: PositiveFloat = 1.0


class AugmentConfig(Section):
    """What microphone, line and codec do to the whole mixture.

    Attributes:
        clean_share: how many excerpts with speech are left as recorded: no noise, no room, none of the below.
        equalizer_share: how often a random seven-band equaliser acts.
        equalizer_db: its gains.
        high_pass_share: how often low frequencies are missing (20 to 400 Hz).
        low_pass_share: how often high frequencies are missing (2.5 to 7.5 kHz).
        telephone_share: how often the band is 300 to 3400 Hz at 8 kHz, with a telephone codec.
        codec_share: how often a codec acts (MP3, Vorbis, ADPCM, mu-law, GSM).
        clipping_share: how often the recording is clipped, hard or softly.
        dc_share: how often there is a constant offset, up to 0.05 of full scale.
        hum_share: how often the mains hum (50 or 60 Hz and harmonics).
        hiss_share: how often the microphone hisses (coloured noise).
        click_share: how often there are clicks.
        silence_share: how often a pause becomes digital silence.
        level_jump_share: how often the level changes in between.
        level_db: peak of the excerpt in dB of full scale; the louder of two uniform draws, so that few are quiet.
    """

    clean_share: Share = 0.08
    equalizer_share: Share = 0.4
    equalizer_db: Bounds = (-12.0, 12.0)
    high_pass_share: Share = 0.25
    low_pass_share: Share = 0.15
    telephone_share: Share = 0.1
    codec_share: Share = 0.15
    clipping_share: Share = 0.07
    dc_share: Share = 0.07
    hum_share: Share = 0.07
    hiss_share: Share = 0.3
    click_share: Share = 0.07
    silence_share: Share = 0.12
    level_jump_share: Share = 0.08
    level_db: Bounds = (-45.0, 0.0)


class MixingConfig(Section):
    """Excerpts: speech, noises, rooms and lines put together.

    Attributes:
        excerpt_s: length of an excerpt.
        labelled_share: how many excerpts are real recordings with labels of people, sent through a line but not mixed;
            none where the manifests have no rows of kind `labelled`.
        nonspeech_share: how many of the others hold no speech at all: noise, music, voices without words, silence.
        speech: layout of the utterances.
        noise: what is added to them.
        rooms: around both.
        augment: what happens to the sum.
    """

    excerpt_s: Annotated[float, Field(ge=2.0, le=600.0)] = 20.0
    labelled_share: Share = 0.2
    nonspeech_share: Share = 0.25
    speech: SpeechConfig = SpeechConfig()
    noise: NoiseConfig = NoiseConfig()
    rooms: RoomsConfig = RoomsConfig()
    augment: AugmentConfig = AugmentConfig()


class PipelineConfig(Section):
    """From stored excerpts to batches.

    Attributes:
        batch_size: excerpts in a batch.
        crop_s: training sees a random cut of this length of each excerpt; null sees the whole.
        shuffle_excerpts: size of the shuffle buffer.
        epoch_hours: how much of the mixtures one epoch sees, the next epoch going on where it ended; null sees
            all of them every epoch.
        level_shift_db: random level of each cut, drawn uniformly.
        warp: frequencies are stretched by a random factor of up to 1 + warp, or squeezed by as much; 0 leaves them.
        equalizer_db: largest gain of the random smooth equaliser on the log-mel frames; 0 leaves it out.
        equalizer_points: how many random gains are laid over the bands, the rest lying between them.
        time_masks: SpecAugment masks over time in a cut.
        time_mask_frames: longest of them.
        frequency_masks: SpecAugment masks over bands in a cut.
        frequency_mask_bands: widest of them.
        reset_share: where training carries state across excerpts, how often an excerpt starts from a fresh one.
        absence_excerpts: how many excerpts without speech then follow one another on average, so that the state learns
            what it is when nobody has spoken for minutes; null leaves excerpts in random order.
        engine_weight: share of `data.engine` in the targets of training, the label's being the rest. Without effect
            where there is no engine.
        engine_collar_s: frames this close to a change of label are learnt from the label alone.
    """

    batch_size: PositiveInt = 32
    crop_s: PositiveFloat | None = None
    shuffle_excerpts: PositiveInt = 512
    epoch_hours: PositiveFloat | None = None
    level_shift_db: Bounds = (-6.0, 6.0)
    warp: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    equalizer_db: Annotated[float, Field(ge=0.0, le=40.0)] = 10.0
    equalizer_points: Annotated[int, Field(ge=2, le=20)] = 6
    time_masks: Annotated[int, Field(ge=0, le=20)] = 1
    time_mask_frames: Annotated[int, Field(ge=1)] = 10
    frequency_masks: Annotated[int, Field(ge=0, le=20)] = 1
    frequency_mask_bands: Annotated[int, Field(ge=1)] = 4
    reset_share: Share = 0.25
    absence_excerpts: Annotated[float, Field(ge=1.0)] | None = None
    engine_weight: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.3
    engine_collar_s: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1


class DataConfig(Section):
    """What a model is trained on.

    Attributes:
        source: `shards` mixes once and stores log-mel frames; `audio` mixes while training, for machines with a
            GPU and many cores.
        manifests: manifest files, or patterns such as `../data_manifests/*.jsonl.gz`.
        tiers: licence tiers that may be used.
        exclude: sources (the part of an id before its first slash), ids or patterns of ids that may not.
        allow_missing: whether recordings whose audio is not there are passed over instead of refused.
        shards_dir: folder of the shards; null is a folder of the user's cache named after config and fingerprint.
        hours: of mixtures by split.
        excerpts_per_shard: excerpts in one TFRecord file.
        labels: how clean speech without labels is labelled.
        engine: another detector that judges every mixture for training; its values stand beside the labels. null asks
            none.
        mixing: how mixtures are made.
        pipeline: how they reach the model.
    """

    source: Literal["shards", "audio"] = "shards"
    manifests: tuple[Path, ...] = ()
    tiers: tuple[Literal["permissive", "share-alike"], ...] = ("permissive", "share-alike")
    exclude: tuple[str, ...] = ()
    allow_missing: bool = False
    shards_dir: Path | None = None
    hours: HoursConfig = HoursConfig()
    excerpts_per_shard: PositiveInt = 64
    labels: LabelRule = LabelRule()
    engine: Literal["silero"] | None = None
    mixing: MixingConfig = MixingConfig()
    pipeline: PipelineConfig = PipelineConfig()

    @model_validator(mode="after")
    def _crop_fits(self) -> DataConfig:
        crop = self.pipeline.crop_s
        if crop is not None and crop > self.mixing.excerpt_s:
            raise ValueError(f"pipeline.crop_s {crop:g} is longer than mixing.excerpt_s {self.mixing.excerpt_s:g}")
        return self
