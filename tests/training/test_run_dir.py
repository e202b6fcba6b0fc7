"""Laws of run directories: what is not a run is refused by name, never written over."""

from __future__ import annotations

import pytest

from vad.config import load_config
from vad.errors import ConfigError, ModelError
from vad.training import RunDirectory, load_run
from vad.training.run_dir import differing_keys


def test_foreign_folders_and_files_are_left_alone(tmp_path, config):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name, said in (("folder", "files here but no run"), ("file", "this is a file")):
        for overwrite in (False, True):
            with pytest.raises(ModelError, match=said):
                RunDirectory(tmp_path / name).open(config(), resume=True, overwrite=overwrite)
    assert (tmp_path / "folder/thesis.txt").read_text() == "mine"


def test_an_empty_or_absent_folder_is_made_a_run(tmp_path, config):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent/deep"):
        RunDirectory(tmp_path / name).open(config(), resume=True, overwrite=False)
        assert (tmp_path / name / "config.yaml").is_file()


def test_the_stored_config_resumes(tmp_path, config):
    run = RunDirectory(tmp_path)
    run.open(config(), resume=False, overwrite=False)
    run.checkpoint.parent.mkdir()
    run.checkpoint.touch()
    run.open(config(), resume=True, overwrite=False)
    with pytest.raises(ConfigError, match=r"training\.ema_decay: 0\.9 → 0\.5"):
        run.open(config(ema_decay=0.5), resume=True, overwrite=False)


@pytest.mark.parametrize("resume", [False, True])
def test_a_config_without_anything_trained_is_no_run(tmp_path, config, resume):
    run = RunDirectory(tmp_path)
    run.open(config(), resume=False, overwrite=False)
    (tmp_path / "notes.txt").write_text("mine")
    run.open(config(ema_decay=0.5), resume=resume, overwrite=False)
    assert load_config(run.config).training.ema_decay == 0.5
    assert (tmp_path / "notes.txt").read_text() == "mine"
    run.weights.touch()
    with pytest.raises(ModelError, match="a run is here already"):
        run.open(config(), resume=False, overwrite=False)


@pytest.mark.parametrize("text", ["name: mine  # by hand\n", "no: config\n"])
def test_a_config_that_somebody_wrote_is_not_written_over(tmp_path, config, text):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ModelError, match="a run is here already"):
        RunDirectory(tmp_path).open(config(), resume=False, overwrite=False)
    assert (tmp_path / "config.yaml").read_text() == text


def test_loading_says_what_is_missing(tmp_path, config):
    with pytest.raises(ModelError, match=r"no run is here"):
        load_run(tmp_path)
    run = RunDirectory(tmp_path)
    run.open(config(), resume=False, overwrite=False)
    with pytest.raises(ModelError, match=r"no finished epoch yet.*--resume"):
        load_run(tmp_path)
    run.weights.write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"model\.weights\.h5: these are no weights"):
        load_run(tmp_path)


def test_differing_keys_are_leaves():
    assert differing_keys({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3}, "e": 4}) == [
        "a.c: 2 → 3",
        "d: [1] → None",
        "e: None → 4",
    ]
