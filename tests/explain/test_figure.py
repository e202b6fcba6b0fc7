"""The picture is drawn whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vad.errors import MissingDependencyError
from vad.explain import Explanation
from vad.explain.figure import save_explanation


def test_it_is_drawn(explanation: Explanation, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: no picture is drawn")
    path = tmp_path / "gates.png"
    save_explanation(explanation, path, dpi=60)
    from matplotlib.image import imread

    pixels = imread(path)
    assert pixels.shape[1] == pytest.approx(660, abs=2)
    # Many colours: the images are there.
    assert len({tuple(row) for row in pixels[::7, ::7].reshape(-1, pixels.shape[2]).round(2)}) > 300
    assert [file.name for file in tmp_path.iterdir()] == ["gates.png"]


def test_without_matplotlib_the_extra_is_named(
    explanation: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"lstm-vad\[plot\]"):
        save_explanation(explanation, tmp_path / "gates.png")
    assert list(tmp_path.iterdir()) == []
