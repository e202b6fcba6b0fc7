"""Checkpoints read back exactly, appear whole, and anything else is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from vad.errors import ModelError
from vad.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from vad.training.listener import EpochRow


def test_what_is_saved_is_what_is_read(tmp_path):
    arrays = {"a/0": np.array([0.1, np.pi], np.float32), "b": np.array(7, np.int64), "c": np.zeros((0, 3))}
    row = EpochRow(1, 5, 0.1 + 0.2, 1 / 3, 0.9, 1e-5, 2.5, 1e6, 3.25)
    progress = Progress(epoch=1, step=3, loss_sum=0.1 + 0.2, best_auc=1 / 3, best_epoch=1, history=[row])
    save_checkpoint(tmp_path / "new/last.npz", arrays, progress)
    read, again = load_checkpoint(tmp_path / "new/last.npz")
    assert again == progress
    assert read.keys() == arrays.keys()
    for name, value in arrays.items():
        assert read[name].dtype == value.dtype
        np.testing.assert_array_equal(read[name], value)


def test_a_failed_write_leaves_the_last_one(tmp_path, monkeypatch):
    path = tmp_path / "last.npz"
    save_checkpoint(path, {"a": np.ones(3)}, Progress(step=1))

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, {"a": np.ones(3)}, Progress(step=2))
    assert load_checkpoint(path)[1].step == 1
    assert [item.name for item in tmp_path.iterdir()] == ["last.npz"]


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut short"])
def test_anything_else_is_refused_with_the_remedy(tmp_path, content):
    path = tmp_path / "last.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"last\.npz: no checkpoint .*--overwrite"):
        load_checkpoint(path)


def test_arrays_of_something_else_are_refused(tmp_path):
    np.savez(tmp_path / "last.npz", a=np.ones(2))
    with pytest.raises(ModelError, match="no checkpoint"):
        load_checkpoint(tmp_path / "last.npz")
