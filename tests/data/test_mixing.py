"""Laws of mixtures."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vad.config import Config
from vad.data.corpus import Corpus, SourceClip, load_corpus
from vad.data.mixing import Mixer
from vad.data.store import AudioStore
from vad.data.talkers import Utterance, piece_of
from vad.errors import AudioError
from vad.labels import timeline_to_labels
from vad.segments import Segment, Timeline

RATE = 16000
BARE = {
    "augment": {"clean_share": 1.0, "silence_share": 0.0, "dc_share": 0.0, "level_db": [0.0, 0.0]},
    "nonspeech_share": 0.0,
    "excerpt_s": 4.0,
}


@pytest.fixture
def make_mixer(toy_config: Callable[..., Config], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Mixer]:
    store = AudioStore(tmp_path_factory.getbasetemp() / "store", RATE)

    def make(split: str = "train", seed: int = 1, **changes: object) -> Mixer:
        config = toy_config(seed, **changes)
        return Mixer(config, load_corpus(config.data, split), split, store)

    return make


def test_excerpts_hold_whole_frames_at_the_length_asked(make_mixer: Callable[..., Mixer]) -> None:
    mixer = make_mixer()
    assert mixer.n_frames == 400
    for index in range(12):
        excerpt = mixer.excerpt(index)
        assert excerpt.samples.dtype == np.float32 and excerpt.samples.shape == (mixer.n_samples,)
        assert np.max(np.abs(excerpt.samples)) <= 1 and np.all(np.isfinite(excerpt.samples))
        assert all(0 <= s.start < s.end <= mixer.n_samples / RATE for s in excerpt.speech)


def test_an_excerpt_depends_on_seed_split_and_index_alone(make_mixer: Callable[..., Mixer]) -> None:
    wanted = [make_mixer().excerpt(index) for index in range(8)]
    mixer = make_mixer()
    for index in (5, 2, 7, 0):
        random.seed(index)
        again = mixer.excerpt(index)
        assert np.array_equal(again.samples, wanted[index].samples) and again.speech == wanted[index].speech
    for other in (make_mixer(seed=2), make_mixer("dev")):
        assert not np.array_equal(other.excerpt(0).samples, wanted[0].samples)


def test_global_random_states_are_left_alone(make_mixer: Callable[..., Mixer]) -> None:
    mixer = make_mixer(mixing__augment={"equalizer_share": 1.0, "hiss_share": 1.0})
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    mixer.excerpt(3)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_labels_follow_the_dry_speech(make_mixer: Callable[..., Mixer]) -> None:
    mixer = make_mixer(mixing=BARE)
    inside, outside = [], []
    for index in range(12):
        excerpt = mixer.excerpt(index)
        if not len(excerpt.speech):
            continue  # nothing but the room tone of a recording, brought to full scale
        labels, _ = timeline_to_labels(excerpt.speech, mixer.n_frames, FRAMES)
        frames = np.lib.stride_tricks.sliding_window_view(excerpt.samples[176:-176], 160)[::160][: mixer.n_frames]
        level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
        still = np.diff(labels, prepend=labels[0], append=labels[-1])
        far = ~((still[1:] != 0) | (still[:-1] != 0))[: len(level)]
        spoken = (labels[: len(level)] == 1) & far
        if spoken.any():
            inside.append(np.median(level[spoken]))
        outside.append(np.max(level[(labels[: len(level)] == 0) & far], initial=-120))
    assert len(inside) >= 8
    assert np.max(outside) < np.min(inside) - 10


def test_rooms_do_not_move_labels(make_mixer: Callable[..., Mixer]) -> None:
    dry = make_mixer(mixing={**BARE, "augment": {**BARE["augment"], "clean_share": 0.0, **NO_LINE}, **NO_NOISE})
    rooms = {"talker_share": 1.0, "recorded_share": 0.5}
    wet = make_mixer(
        mixing={**BARE, "augment": {**BARE["augment"], "clean_share": 0.0, **NO_LINE}, **NO_NOISE, "rooms": rooms}
    )
    lags = []
    for index in range(10):
        a, b = dry.excerpt(index), wet.excerpt(index)
        assert a.speech == b.speech
        if len(a.speech) and a.speech[0].start > 0.1:
            first = [int(np.argmax(np.abs(x.samples) > 3e-3 * np.max(np.abs(x.samples)))) for x in (a, b)]
            lags.append(first[1] - first[0])
            assert abs(first[1] / RATE - a.speech[0].start) < 0.01
    assert len(lags) >= 4
    assert np.median(np.abs(lags)) <= 16


def test_shares_and_levels_are_those_of_the_config(make_mixer: Callable[..., Mixer]) -> None:
    none = [make_mixer(mixing={"excerpt_s": 4.0, "nonspeech_share": 1.0}).excerpt(i) for i in range(10)]
    assert all(not len(excerpt.speech) for excerpt in none)
    assert len({excerpt.samples.tobytes() for excerpt in none}) > 8
    some = [make_mixer(mixing={"excerpt_s": 4.0, "nonspeech_share": 0.0}).excerpt(i) for i in range(10)]
    assert sum(len(excerpt.speech) > 0 for excerpt in some) >= 8


def test_sparse_excerpts_hold_short_utterances_far_apart(make_mixer: Callable[..., Mixer]) -> None:
    def of(share: float) -> Mixer:
        speech = {"sparse_share": share, "sparse_utterance_s": [0.3, 0.5], "sparse_pause_s": [1.5, 2.0]}
        return make_mixer(mixing={**BARE, "excerpt_s": 8.0, "speech": {**speech, "overlap_share": 0.0}})

    full, half, none = ([mixer.excerpt(i).speech for i in range(30)] for mixer in (of(1.0), of(0.5), of(0.0)))
    assert all(segment.duration <= 0.5 + 1e-6 for speech in full for segment in speech)
    gaps = [b.start - a.end for speech in full for a, b in pairwise(speech)]
    assert all(gap < 0.5 or gap > 1.49 for gap in gaps) and max(gaps) > 1.9
    starts = [speech[0].start for speech in full if len(speech)]
    assert len(starts) >= 27 and min(starts) < 1.5 and max(starts) > 6
    # Those that are not sparse stay as they are, whatever the share.
    same = [a in (b, c) for a, b, c in zip(half, none, full, strict=True)]
    assert all(same)
    assert 5 <= sum(a == b for a, b in zip(half, none, strict=True)) <= 25


def test_pieces_keep_the_labels_of_the_whole() -> None:
    samples = np.zeros(4 * RATE, np.float32)
    said = Timeline([Segment(0.5, 1.0), Segment(2.0, 3.5)])
    for segment in said:
        samples[round(segment.start * RATE) : round(segment.end * RATE)] = 0.5
    seen = set()
    for seed in range(20):
        piece = piece_of(Utterance(samples, said), 0.8, RATE, np.random.default_rng(seed))
        assert len(piece.speech) == 1
        spoken = piece.speech[0]
        loud = np.flatnonzero(piece.samples > 0.1)
        assert abs(loud[0] / RATE - spoken.start) < 0.02 and abs(loud[-1] / RATE - spoken.end) < 0.02
        seen.add(round(spoken.duration, 3))
    assert seen == {0.5, 0.8}


def test_signal_to_noise_ratio_is_that_of_the_config(make_mixer: Callable[..., Mixer]) -> None:
    base = {**BARE, "augment": {**BARE["augment"], "clean_share": 0.0, **NO_LINE}}
    quiet = {"talker_share": 0.0, "noise_share": 0.0}
    noise = {"count_weights": [0.0, 1.0], "kind_weights": {"music": 1.0}, "event_share": 0.0, "snr_db": [10.0, 10.0]}
    mixer = make_mixer(mixing={**base, "rooms": quiet, "noise": noise, "speech": {"room_tone_share": 0.0}})
    ratios = []
    for index in range(12):
        excerpt = mixer.excerpt(index)
        spoken, _ = timeline_to_labels(excerpt.speech, mixer.n_frames, FRAMES)
        power = np.mean(excerpt.samples[: mixer.n_frames * 160].reshape(-1, 160) ** 2, axis=1)
        if 40 < spoken.sum() < 300:
            tone = np.median(power[np.convolve(spoken, np.ones(41), "same") == 0])
            ratios.append(10 * np.log10((power[spoken == 1].mean() - tone) / tone))
    assert np.isclose(np.median(ratios), 10, atol=2)


def test_bystanders_are_faint_and_no_speech(make_mixer: Callable[..., Mixer]) -> None:
    def of(share: float) -> Mixer:
        near = {"room_tone_share": 0.0, "bystander_share": share, "bystander_db": [-36.0, -28.0]}
        line = {**BARE["augment"], "clean_share": 0.0, **NO_LINE}
        return make_mixer(mixing={**BARE, "augment": line, **NO_NOISE, "speech": near})

    alone, beside = of(0.0), of(1.0)
    levels = []
    for index in range(10):
        near, both = alone.excerpt(index), beside.excerpt(index)
        assert near.speech == both.speech
        if not len(near.speech):
            continue
        scale = np.dot(both.samples, near.samples) / np.dot(near.samples, near.samples)
        rest = np.mean((both.samples - scale * near.samples) ** 2)
        levels.append(10 * np.log10(rest / np.mean((scale * near.samples) ** 2)))
    assert len(levels) >= 6 and -45 < min(levels) < max(levels) < -22


def test_labelled_recordings_come_as_they_are(tmp_path: Path) -> None:
    samples = np.full(3 * RATE, 0.25)
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    speech = Timeline.from_pairs([(0.5, 2.0)])
    clips = {
        "labelled": [SourceClip("own/a", tmp_path / "a.wav", 0.0, 3.0, "x", speech)],
        "speech": [SourceClip("own/b", tmp_path / "a.wav", 0.0, 3.0, "x", speech)],
    }
    augment = {**BARE["augment"], **NO_LINE}
    data = {"mixing": {"excerpt_s": 4.0, "labelled_share": 1.0, "augment": augment}}
    mixer = Mixer(
        Config.model_validate({"name": "x", "data": data}), Corpus(clips), "train", AudioStore(tmp_path / "store", RATE)
    )
    for index in range(5):
        excerpt = mixer.excerpt(index)
        first = int(np.argmax(excerpt.samples > 0))
        assert excerpt.speech.to_pairs() == [pytest.approx((first / RATE + 0.5, first / RATE + 2.0), abs=1e-3)]
        assert np.sum(excerpt.samples > 0) in range(3 * RATE - 10, 3 * RATE + 1)


def test_real_recordings_mix(data_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAD_DATA_HOME", str(data_home))
    data = {"manifests": [str(data_home / "manifests/*.jsonl")], "tiers": ["permissive"]}
    config = Config.model_validate({"name": "real", "data": data})
    mixer = Mixer(config, load_corpus(config.data, "dev"), "dev", AudioStore(tmp_path, RATE))
    shares = [mixer.excerpt(index).speech.speech_s / 20 for index in range(4)]
    assert 0 < np.mean(shares) < 0.95


FRAMES = Config.model_validate({"name": "x", "data": {}}).features.grid
NO_LINE = dict.fromkeys(
    [
        f"{name}_share"
        for name in (
            "equalizer",
            "high_pass",
            "low_pass",
            "telephone",
            "codec",
            "clipping",
            "hum",
            "hiss",
            "click",
            "level_jump",
        )
    ],
    0.0,
)
NO_NOISE = {"noise": {"count_weights": [1.0]}, "rooms": {"talker_share": 0.0}, "speech": {"room_tone_share": 0.0}}


def test_noises_run_at_other_speeds_backwards_and_through_filters(make_mixer: Callable[..., Mixer]) -> None:
    def noise(**changes: object) -> np.ndarray:
        one = {"count_weights": [0.0, 1.0], "kind_weights": {"noise": 1.0}, "event_share": 0.0, **changes}
        mixer = make_mixer(mixing={"nonspeech_share": 1.0, "excerpt_s": 4.0, "noise": one})
        return mixer.excerpt(1).samples

    plain = noise()
    for change in ("speed_share", "reversed_share", "filter_share"):
        assert not np.array_equal(noise(**{change: 1.0}), plain)


def test_noise_may_be_made_out_of_nothing(make_mixer: Callable[..., Mixer]) -> None:
    made = {"count_weights": [0.0, 1.0], "kind_weights": {"synthetic": 1.0, "noise": 0.0}}
    mixer = make_mixer(mixing={"nonspeech_share": 1.0, "excerpt_s": 4.0, "noise": made})
    excerpts = [mixer.excerpt(index) for index in range(6)]
    assert all(not len(e.speech) for e in excerpts) and any(np.std(e.samples) > 0 for e in excerpts)


def test_whispering_leaves_the_labels_as_they_are(make_mixer: Callable[..., Mixer]) -> None:
    def of(share: float) -> Timeline:
        speech = {"whisper_share": share, "new_talker_share": 0.0, "room_tone_share": 0.0}
        return make_mixer(mixing={**BARE, "speech": speech}).excerpt(2).speech

    assert len(of(1.0)) > 0 and of(1.0)[0] == of(0.0)[0]


@pytest.mark.parametrize("kind", ["speech", "labelled"])
def test_a_file_shorter_than_its_row_is_named_and_not_mixed(
    toy_config: Callable[..., Config], tmp_path: Path, kind: str
) -> None:
    soundfile.write(tmp_path / "cut.wav", np.full(RATE, 0.1), RATE)
    cut = SourceClip("talk/cut", tmp_path / "cut.wav", 0.0, 3.0, "x", Timeline([Segment(0.0, 3.0)]))
    late = SourceClip("talk/late", tmp_path / "cut.wav", 5.0, 3.0, "x", Timeline([Segment(0.0, 3.0)]))
    config = toy_config(mixing={**BARE, "labelled_share": 1.0})
    for clip in (cut, late):
        corpus = Corpus({"speech": [clip], kind: [clip]})
        with pytest.raises(AudioError, match=r"cut\.wav: must reach to"):
            Mixer(config, corpus, "train", AudioStore(tmp_path / "store", RATE)).excerpt(0)
