"""The config of a study: what it refuses, and the one of the repository."""

from __future__ import annotations

import itertools
import typing

import pytest

from vad.config import StudyConfig, load_config, read_config
from vad.config.model import Cell
from vad.errors import ConfigError


def write(tmp_path, **changes):
    keys = {
        "name": "small",
        "seeds": "[0]",
        "variants": "[lstm]",
        "speech": "{config: speech.yaml}",
        "memory": "{lengths: [5, 10]}",
        **changes,
    }
    path = tmp_path / "study.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))
    return path


def test_paths_are_relative_to_the_file(tmp_path):
    assert read_config(write(tmp_path), StudyConfig).speech.config == tmp_path / "speech.yaml"


def test_options_change_it(tmp_path):
    study = read_config(write(tmp_path), StudyConfig, ["seeds=[3, 4]", "memory.units=5"])
    assert study.seeds == (3, 4)
    assert study.memory.units == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"variants": "[lstm, peephol]"}, "did you mean 'peephole'?"),
        ({"variants": "[lstm, lstm]"}, "'lstm' twice"),
        ({"variants": "[]"}, "variants"),
        ({"seeds": "[1, 1]"}, "1 twice"),
        ({"memory": "{lengths: [10, 5]}"}, "must rise"),
        ({"memory": "{lengths: [10], gate_biases: [chrono, two]}"}, "gate_biases"),
        ({"memory": "{length: [10]}"}, "did you mean 'lengths'?"),
        ({"cue": "{cues: 2, solved_accuracy: 0.4}"}, "solved_accuracy"),
        ({"adding": "{solved_error: 0.5}"}, "solved_error"),
        ({"taks": "1"}, "no such key"),
    ],
)
def test_what_cannot_act_is_refused(tmp_path, changes, said):
    path = write(tmp_path, **changes)
    with pytest.raises(ConfigError) as refused:
        read_config(path, StudyConfig)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_the_study_of_the_repository_compares_every_cell(repository):
    path = repository / "configs/study/variants.yaml"
    study = read_config(path, StudyConfig)
    assert set(study.variants) == set(typing.get_args(Cell))
    assert study.name == path.stem
    assert study.memory.lengths[-1] >= 2000
    assert load_config(study.speech.config).model.layers == 1


@pytest.mark.parametrize("name", ["variants", "speech"])
def test_every_key_has_a_comment_above_it(repository, name):
    lines = (repository / f"configs/study/{name}.yaml").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if ":" in line and not line.lstrip().startswith("#"):
            assert before.lstrip().startswith("#"), line
