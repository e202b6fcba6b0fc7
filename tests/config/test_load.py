"""Laws of config loading: what is written is what is read, and every problem is named at once."""

from __future__ import annotations

import pytest

from vad.config import load_config
from vad.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    def put(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return put


def problems(path, *overrides):
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return str(caught.value)


def test_a_dump_reads_back_equal(write):
    config = load_config(
        write("a.yaml", "name: a\ndata: {manifests: [m/*.jsonl.gz]}\ntraining: {optimizer: {learning_rate: 1e-5}}")
    )
    assert load_config(write("elsewhere/b.yaml", config.dump())) == config


def test_extends_merges_mappings_and_replaces_the_rest(write):
    write("base.yaml", "name: base\nseed: 3\ndata: {manifests: [a, b]}\ntraining: {epochs: 7, ema_decay: 0.5}")
    write("middle.yaml", "extends: base.yaml\ntraining: {epochs: 8}")
    config = load_config(write("top.yaml", "extends: middle.yaml\nname: top\ndata: {manifests: [c]}"))
    assert (config.name, config.seed, config.training.epochs, config.training.ema_decay) == ("top", 3, 8, 0.5)
    assert len(config.data.manifests) == 1


def test_tables_of_free_keys_are_replaced_as_a_whole(write):
    mixing = "data: {mixing: {speech: {source_weights: {a: 1, b: 2}, speed_share: 0.1}}}"
    write("base.yaml", f"name: base\n{mixing}")
    speech = {}
    for weights in ("{c: 3}", "{}"):
        top = write("top.yaml", f"extends: base.yaml\ndata: {{mixing: {{speech: {{source_weights: {weights}}}}}}}")
        speech[weights] = load_config(top).data.mixing.speech
    assert speech["{c: 3}"].source_weights == {"c": 3.0}
    assert speech["{}"].source_weights == {}
    assert speech["{}"].speed_share == 0.1
    top = write("top.yaml", "extends: base.yaml")
    reached = load_config(top, ["data.mixing.speech.source_weights.b=5"]).data.mixing.speech
    assert reached.source_weights == {"a": 1.0, "b": 5.0}
    replaced = load_config(top, ["data.mixing.speech={source_weights: {d: 1}}"]).data.mixing.speech
    assert (replaced.source_weights, replaced.speed_share) == ({"d": 1.0}, 0.1)


def test_paths_are_relative_to_the_file_that_wrote_them(write, tmp_path, monkeypatch):
    write("one/base.yaml", "name: a\ndata: {manifests: [x.jsonl], shards_dir: s}")
    top = write("two/top.yaml", "extends: ../one/base.yaml\ndata: {manifests: [y.jsonl]}")
    config = load_config(top)
    assert config.data.manifests == (tmp_path / "two/y.jsonl",)
    assert config.data.shards_dir == tmp_path / "one/s"
    monkeypatch.chdir(tmp_path)
    assert load_config(top, ["data.shards_dir=z"]).data.shards_dir == tmp_path / "z"


def test_a_circle_is_refused_with_its_chain(write):
    a = write("a.yaml", "extends: b.yaml\nname: a")
    write("b.yaml", "extends: a.yaml")
    assert "a.yaml → b.yaml → a.yaml" in problems(a)


def test_a_missing_parent_is_named_with_the_line_that_wants_it(write):
    text = problems(write("a.yaml", "name: a\nextends: nowhere.yaml"))
    assert "a.yaml:2: extends: no such file" in text and "nowhere.yaml" in text


def test_all_problems_at_once_with_line_key_rule_value_and_nearest_name(write):
    text = problems(
        write(
            "a.yaml",
            "name: a\nseed: -1\ntraining:\n  epoch: 3\n  epochs: 0\n  strategy: mirored\n"
            "features:\n  n_mel: 3\ndecision:\n  onset_threshold: 7\n",
        ),
        "model.unitz=3",
    )
    for part in (
        "a.yaml:2: seed: ",
        "received -1",
        "a.yaml:4: training.epoch: no such key (did you mean 'epochs'?)",
        "a.yaml:5: training.epochs: must be greater than 0; received 0",
        "a.yaml:6: training.strategy: ",
        "(did you mean 'mirrored'?)",
        "a.yaml:8: features.n_mel: no such key (did you mean 'n_mels'?)",
        "a.yaml:9: decision: ",
        "data: this key is required",
        "--set model.unitz=3: model.unitz: no such key (did you mean 'units'?)",
    ):
        assert part in text, text


def test_a_rule_of_a_section_is_broken_where_its_key_was_given(write):
    path = write(
        "a.yaml", "name: a\ndata: {manifests: [p]}\nfeatures:\n  n_mels: 32\nmodel: {units: 8}\ntraining: {epochs: 2}"
    )
    above = problems(path, "features.hop_length=80", "features.f_max=9000")
    assert above.startswith("--set features.f_max=9000: features: f_min and f_max must hold")
    both = problems(path, "training.carry_state=true", "model.bidirectional=true")
    assert "--set training.carry_state=true" in both and "--set model.bidirectional=true" in both
    assert not both.startswith(str(path))
    written = problems(write("b.yaml", "name: b\ndata: {manifests: [p]}\nfeatures: {n_mels: 0}"), "features.f_min=20.0")
    assert "b.yaml:3: features: n_mels must be at least 1" in written


def test_overrides_are_yaml_and_come_last(write):
    path = write("a.yaml", "name: a\ndata: {manifests: [p, q]}\ntraining: {epochs: 2}")
    config = load_config(
        path, ["training.epochs=5", "training.patience_epochs=null", "training.loss={focal_gamma: 2}", "name=b"]
    )
    assert config.training.epochs == 5
    assert config.training.patience_epochs is None
    assert config.training.loss.focal_gamma == 2.0
    assert config.name == "b"


def test_an_override_reaches_into_a_list(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write("a.yaml", "name: a\ndata: {manifests: [p, q]}")
    assert [item.name for item in load_config(path, ["data.manifests.1=r"]).data.manifests] == ["p", "r"]
    assert "index from 0 to 1" in problems(path, "data.manifests.2=r")


@pytest.mark.parametrize("override", ["training.epochs", "=3", "training..epochs=3", "name.x=3", "training.epochs=[1"])
def test_a_malformed_override_is_one_problem_that_quotes_it(write, override):
    assert f"--set {override}" in problems(write("a.yaml", "name: a\ndata: {}"), override)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nname: b\ndata: {}", "a.yaml:2: name: written twice"),
        ("- a", "must be a mapping"),
        ("name: [a", "a.yaml:1: no valid YAML"),
        ("name: !!python/name:os.system a\ndata: {}", "YAML tag"),
        ("name: a\ndata: {}\ntraining: 3", "a.yaml:3: training"),
        ("", "name: this key is required"),
        ("name: a\ndata: {}\nextends: [b]", "a.yaml:3: extends"),
        ("name: a/b\ndata: {}", "a.yaml:1: name"),
        ("name: a\ndata: {}\ntraining: {epochs: true}", "training.epochs"),
    ],
)
def test_broken_files_are_refused_with_their_place(write, text, said):
    assert said in problems(write("a.yaml", text))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data.exclude=a", "data.exclude: must be a list in brackets; received 'a'"),
        ("data.mixing.speech.speed=[1,2,3]", "must have at most 2 items; received [1, 2, 3]"),
        ("data.mixing.speech.speed=[1]", "data.mixing.speech.speed.1: this item is required"),
        ("data.hours=3", "data.hours: must hold keys with values; received 3"),
        ("model.units=2.5", "model.units: must be a whole number; received 2.5"),
        ("training.deterministic=maybe", "must be true or false; received 'maybe'"),
        ("training.epochs=null", "must be a whole number; received null"),
        ("name=3", "name: must be text, in quotes where it looks like something else; received 3"),
    ],
)
def test_values_of_the_wrong_kind_are_told_in_the_words_of_yaml(write, override, said):
    assert said in problems(write("a.yaml", "name: a\ndata: {manifests: [p]}"), override)


def test_an_absent_file_a_folder_and_binary_are_refused(tmp_path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.yaml", ".", "binary.yaml"):
        assert "cannot read this config" in problems(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 1e-3), ("010", 10.0), ("1_000", None), ("0x10", None), (".inf", None), ("2", 2.0)]
)
def test_numbers_are_those_of_yaml_1_2(write, text, value):
    path = write("a.yaml", "name: a\ndata: {}")
    override = f"training.optimizer.learning_rate={text}"
    if value is None:
        assert "learning_rate" in problems(path, override)
    else:
        assert load_config(path, [override]).training.optimizer.learning_rate == value
