"""The script that measures cuDNN: what it computes is right on any device, and without a GPU it writes nothing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

pytest.importorskip("tensorflow")

from vad.config.model import ModelConfig


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """A script of benchmarks/, which is no package."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return importlib.import_module("gpu")
    finally:
        sys.path.remove(str(repository / "benchmarks"))


def test_it_measures_and_compares_on_whatever_there_is(script):
    config, work = ModelConfig(cell="gru", units=4, layers=1), script.Workload(2, 10)
    assert script.measure(config, work, 0.0, use_cudnn=False) > 0
    assert max(script.agreement(config, work)) <= script.LIMIT


def test_a_line_says_what_has_no_cudnn_kernel_and_what_is_too_far(script, monkeypatch):
    speeds = {True: 3000.0, False: 1500.0}
    monkeypatch.setattr(script, "measure", lambda *arguments, use_cudnn: speeds[use_cudnn])
    work = script.Workload(64, 1000)
    found = script.row(ModelConfig(), work, 1.0, (2e-6, 3e-4))
    assert found == "| lstm | 2×64 | 64 | 3,000 | 1,500 | 2.0 | 2.0e-06 | 3.0e-04 (above 0.0001) |"
    assert "| - | 1,500 | - |" in script.row(ModelConfig(cell="cifg"), work, 1.0, (0.0, 0.0))


def test_without_a_gpu_it_says_so(script, tmp_path):
    done = CliRunner().invoke(script.main, ["--output", str(tmp_path / "gpu.md")])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "sees no GPU; nothing was measured" in done.stderr
    assert list(tmp_path.iterdir()) == []
