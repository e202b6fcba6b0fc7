"""Files of posteriors: the same values back, whatever the cutting, and nothing when the work fails."""

from __future__ import annotations

import numpy as np
import pytest

from vad.errors import AudioError, ConfigError
from vad.frames import FrameGrid
from vad.posteriors import write_posteriors

GRID = FrameGrid()
VALUES = np.random.default_rng(0).random(1000, np.float32)


@pytest.mark.parametrize("cuts", [[], [1, 2, 500], [0, 0, 999, 1000]])
@pytest.mark.parametrize("name", ["a.npy", "a.csv"])
def test_values_come_back(tmp_path, name, cuts):
    with write_posteriors(tmp_path / name, GRID) as writer:
        for part in np.split(VALUES, cuts):
            writer.write(part)
    if name.endswith("npy"):
        found = np.load(tmp_path / name)
        assert found.dtype == np.float32
    else:
        table = np.genfromtxt(tmp_path / name, delimiter=",", names=True, dtype=np.float64)
        found = table["posterior"].astype(np.float32)
        np.testing.assert_allclose(table["time"], GRID.times(1000), atol=1e-6)
    np.testing.assert_array_equal(found, VALUES)


def test_no_frames_are_an_empty_array(tmp_path):
    with write_posteriors(tmp_path / "a.npy", GRID):
        pass
    assert np.load(tmp_path / "a.npy").shape == (0,)


def test_the_format_can_be_named(tmp_path):
    with write_posteriors(tmp_path / "a.bin", GRID, format="npy") as writer:
        writer.write(VALUES)
    np.testing.assert_array_equal(np.load(tmp_path / "a.bin"), VALUES)
    with (
        pytest.raises(ConfigError, match=r"received 'nyp' \(did you mean 'npy'"),
        write_posteriors(tmp_path / "a.nyp", GRID),
    ):
        pass


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(AudioError), write_posteriors(tmp_path / "a.npy", GRID) as writer:
        writer.write(VALUES)
        raise AudioError("the recording is damaged")
    assert list(tmp_path.iterdir()) == []
