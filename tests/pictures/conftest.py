"""A headless Chromium, and a recording to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
)


def _start_browser(profile: Path) -> Any:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: no page is driven")
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    absent = [name for name, path in programs.items() if path is None]
    if absent:
        pytest.skip(f"{' and '.join(absent)} not installed: no page is driven (apt install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=programs["chromedriver"])
    return webdriver.Chrome(options=options, service=service)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium that is driven by selenium, or a skip that says what is missing."""
    driver = _start_browser(tmp_path_factory.mktemp("chromium"))
    driver.set_window_size(1280, 1000)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds, faint but for four bursts, which the energy model takes for speech."""
    rng = np.random.default_rng(3)
    samples = 0.0005 * rng.standard_normal(8 * 16000)
    for start, end in ((0.5, 1.2), (2.0, 2.6), (2.9, 4.0), (6.0, 7.1)):
        span = slice(int(start * 16000), int(end * 16000))
        samples[span] += 0.2 * rng.standard_normal(span.stop - span.start)
    path = tmp_path_factory.mktemp("bursts") / "bursts.wav"
    soundfile.write(path, samples, 16000)
    return path
