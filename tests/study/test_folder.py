"""What a study's folder takes and refuses."""

from __future__ import annotations

import pytest

from vad.config import Config
from vad.errors import ConfigError, ModelError
from vad.study.folder import StudyFolder
from vad.study.results import MemoryTrial

BASE = Config(name="base", data={})


def test_a_study_is_neither_lost_nor_mixed_with_another(tmp_path, study):
    folder = StudyFolder(tmp_path / "run")
    folder.open(study(), BASE, resume=True, overwrite=False)
    with pytest.raises(ModelError, match="--resume"):
        folder.open(study(), BASE, resume=False, overwrite=False)
    folder.open(study(), BASE, resume=True, overwrite=False)
    other = study(memory={"units": 6})
    with pytest.raises(ConfigError, match=r"study\.memory\.units: 5 → 6"):
        folder.open(other, BASE, resume=True, overwrite=False)
    slower = BASE.model_copy(update={"seed": 7})
    with pytest.raises(ConfigError, match=r"speech\.seed: 0 → 7"):
        folder.open(study(), slower, resume=True, overwrite=False)
    folder.open(study(seeds=[5], variants=["gru"]), BASE, resume=True, overwrite=False)


def test_overwriting_leaves_what_no_study_wrote(tmp_path, study):
    folder = StudyFolder(tmp_path)
    folder.open(study(), BASE, resume=False, overwrite=False)
    notes, result = tmp_path / "notes.txt", tmp_path / "trials/x.json"
    result.parent.mkdir()
    notes.touch()
    result.touch()
    folder.open(study(memory={"units": 6}), BASE, resume=False, overwrite=True)
    assert notes.exists()
    assert not result.exists()


def test_other_folders_are_left_alone(tmp_path, study):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(ModelError, match="choose another with -o"):
            StudyFolder(path).open(study(), BASE, resume=True, overwrite=True)


def test_a_result_of_something_else_is_named(tmp_path):
    trial = MemoryTrial("cue", "one", "gru", 0, 4)
    path = tmp_path / trial.file
    path.parent.mkdir(parents=True)
    path.write_text('{"other": 1}')
    with pytest.raises(ModelError, match=r"length-4\.json"):
        StudyFolder(tmp_path).memory(trial)
    path.unlink()
    assert StudyFolder(tmp_path).memory(trial) is None
