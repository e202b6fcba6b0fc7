"""Pictures for print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vad.detector import Detector
from vad.errors import MissingDependencyError, VadError
from vad.pictures import Source, View, look
from vad.pictures.figure import FIGURE_SUFFIXES, save_figure
from vad.segments import Timeline

pytest.importorskip("matplotlib", reason="matplotlib is not installed: no picture is drawn")
REFERENCE = Timeline.from_pairs([(0.5, 1.2), (2.0, 2.6), (4.5, 5.0), (6.0, 7.1)])


@pytest.fixture(scope="module")
def view(energy_artifact: Path, bursts: Path) -> View:
    return look(Source(bursts, name="100 % of $x$ & 语音.wav"), Detector(energy_artifact), reference=REFERENCE)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("suffix", FIGURE_SUFFIXES)
def test_every_format_is_itself_and_repeats(view: View, tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        save_figure(view, path)
    data = paths[0].read_bytes()
    assert {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix] == data[: 5 if suffix == ".svg" else 4]
    assert data == paths[1].read_bytes()


def test_dots_and_colours(view: View, tmp_path: Path) -> None:
    from PIL import Image

    save_figure(view, tmp_path / "a.png", dpi=60)
    image = Image.open(tmp_path / "a.png")
    assert image.width == 600
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in ((0, 0x72, 0xB2), (0, 0x9E, 0x73)):
        assert (np.abs(pixels.astype(int) - colour).max(axis=1) < 12).sum() > 50


def test_it_leaves_no_half_file(view: View, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VadError, match="cannot write "):
        save_figure(view, tmp_path / "file" / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_matplotlib_the_install_line_is_told(
    view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lstm-vad\[plot\]'"):
        save_figure(view, tmp_path / "a.png")


def test_pages_need_no_matplotlib(energy_artifact: Path, bursts: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from vad.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'matplotlib', 'librosa', 'tensorflow', 'scipy', 'pydantic'} & set(sys.modules)))"
    )
    out = tmp_path / "page.html"
    arguments = ["plot", str(bursts), "-m", str(energy_artifact), "-o", str(out)]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    assert out.stat().st_size > 10000
