"""The bundle's page in Chromium: LiteRT.js hears what Python hears, from a file and from a microphone."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vad.decision import decide
from vad.detector import Detector

FLAGS = ("--mute-audio", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
FRAME_S = 0.01
LISTEN = """
const [samples, done] = arguments;
const [posteriors, events] = [[], []];
const onOutput = (output) => {
  posteriors.push(...output.posteriors);
  events.push(...output.events);
};
import("./vad.js")
  .then(async ({ Vad }) => (await Vad.load({ onOutput })).detectSamples(Float32Array.from(samples), 16000))
  .then(() => done([posteriors, events]), (error) => done(String(error)));
"""
RESULT = "return [window.session.posteriors, window.session.segments.map(({ start, end }) => [start, end])]"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves without a word, and notes what was asked for."""

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web folder as `npm install` leaves it."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: LiteRT.js cannot be had (apt install npm)")
    folder = tmp_path_factory.mktemp("site") / "web"
    shutil.copytree(bundle / "web", folder)
    command = ["npm", "install", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "vendor.mjs" not in done.stderr:
        pytest.skip(f"npm install does not succeed, LiteRT.js cannot be had: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Where the folder is served, and how to stop that."""
    handler = functools.partial(_Handler, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stopped = threading.Event()

    def stop() -> None:
        if not stopped.is_set():
            stopped.set()
            server.shutdown()
            server.server_close()
            thread.join()

    yield f"http://localhost:{server.server_address[1]}/", stop
    stop()


@pytest.fixture(scope="module")
def driver(recording: Path, start_browser: Callable[..., Any]) -> Iterator[Any]:
    """A Chromium whose microphone is the recording, once."""
    microphone = f"--use-file-for-fake-audio-capture={recording}%noloop"
    found = start_browser(flags=(*FLAGS, microphone), log="performance")
    found.set_window_size(1280, 900)
    yield found
    found.quit()


def _wait(driver: Any, status: str, most_s: float = 60) -> None:
    end = time.monotonic() + most_s
    while (found := driver.execute_script("return window.session && window.session.status")) != status:
        problem = driver.find_element("id", "problem").text
        assert time.monotonic() < end and not problem, f"{found} instead of {status}: {problem}"
        time.sleep(0.1)


def _overflow(driver: Any) -> int:
    script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(driver.execute_script(script))


def test_the_page_hears_what_python_hears(
    driver: Any, address: tuple[str, Callable[[], None]], recording: Path, reference: Any
) -> None:
    url, _ = address
    driver.get(url)
    _wait(driver, "ready")
    driver.find_element("id", "file").send_keys(str(recording))
    _wait(driver, "done")
    posteriors, segments = driver.execute_script(RESULT)
    np.testing.assert_allclose(posteriors, reference.posteriors, rtol=0, atol=1e-3)
    np.testing.assert_allclose(segments, reference.segments, rtol=0, atol=FRAME_S)
    assert len(driver.find_elements("css selector", "#list tr")) == len(segments)
    for width in (360, 1280):
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 800,
                               "deviceScaleFactor": 1, "mobile": width < 500})  # fmt: skip
        assert _overflow(driver) <= 0, width
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    asked = [json.loads(row["message"])["message"] for row in driver.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"]
    # The browser's own first tab asks itself.
    urls = [asked_for for asked_for in urls if not asked_for.startswith("chrome://")]
    assert urls and all(asked_for.startswith((url, "data:", "blob:")) for asked_for in urls), urls


def test_the_module_tells_what_is_stored(
    driver: Any, address: tuple[str, Callable[[], None]], reference: Any, stored_recording: Any
) -> None:
    """Posteriors and every number of every event, from LiteRT.js through the module that apps use."""
    url, _ = address
    driver.get(url)
    _wait(driver, "ready")
    driver.set_script_timeout(60)
    found = driver.execute_async_script(LISTEN, (reference.samples / 32768).tolist())
    assert not isinstance(found, str), found
    wanted, events = stored_recording
    np.testing.assert_allclose(found[0], wanted, rtol=0, atol=1e-3)
    order = {"start": ("start", "onset", "known"), "end": ("start", "end", "offset", "known")}
    order["misfire"] = ("start", "end", "known")
    told = [[row["kind"], *(row[name] for name in order[row["kind"]])] for row in found[1]]
    assert [row[0] for row in told] == [row[0] for row in events]
    for ours, theirs in zip(told, events, strict=True):
        np.testing.assert_allclose(ours[1:], np.array(theirs[1:]) / 16000, rtol=0, atol=FRAME_S)


def test_the_page_hears_the_microphone(driver: Any, address: tuple[str, Callable[[], None]], reference: Any) -> None:
    url, _ = address
    # A browser drops sound when the machine has no time for it: what is held here is what it does with sound it gets.
    tried = []
    for _ in range(3):
        posteriors, segments = _listened(driver, url, len(reference.posteriors))
        tried.append((_distance(posteriors, reference), _decided_otherwise(posteriors, segments)))
        if tried[-1][0] < 0.015 and tried[-1][1] <= 1.5 * FRAME_S:
            return
    pytest.fail(f"posteriors, and ends of segments in seconds, are this far from Python's in three tries: {tried}")


def _listened(driver: Any, url: str, length: int) -> tuple[Any, list[Any]]:
    """Lets the page listen until it has heard the whole recording; returns posteriors and segments."""
    driver.get(url)
    _wait(driver, "ready")
    driver.find_element("id", "listen").click()
    end = time.monotonic() + 60
    seen = []
    while len(driver.execute_script(RESULT)[0]) < length + 60 and time.monotonic() < end:
        seen.append(len(driver.execute_script(RESULT)[0]))
        time.sleep(0.5)
    assert len(set(seen)) > 10  # they came as the sound did
    driver.find_element("id", "listen").click()
    _wait(driver, "done")
    posteriors, segments = driver.execute_script(RESULT)
    return np.array(posteriors), segments


def _distance(posteriors: Any, reference: Any) -> float:
    """Returns how far posteriors are from Python's in the mean, after the best shift.

    The microphone starts at some sample, and the browser resamples it: not equal, but the same speech.
    """
    wanted, padded = reference.posteriors, np.pad(posteriors, (100, len(reference.posteriors)))
    return min(float(np.abs(padded[at : at + len(wanted)] - wanted)[:-20].mean()) for at in range(300))


def _decided_otherwise(posteriors: Any, segments: list[Any]) -> float:
    """Returns how far the page's segments are from what Python decides on its posteriors, in seconds."""
    detector = Detector()
    grid = detector.metadata.features.grid
    wanted = decide(posteriors.astype(np.float32), detector.rule, grid, grid.samples_for(len(posteriors))).to_pairs()
    if not wanted or len(wanted) != len(segments):
        return float("inf")
    return float(np.abs(np.array(wanted) - np.array(segments)).max())


def test_the_page_works_without_a_network(
    driver: Any, address: tuple[str, Callable[[], None]], recording: Path, reference: Any
) -> None:
    url, stop = address
    driver.get(url)
    _wait(driver, "ready")
    script = "const done = arguments[0]; navigator.serviceWorker.ready.then(() => setTimeout(done, 500));"
    driver.execute_async_script(script)
    # What the first visit loaded before the keeper was there is asked for once more, and kept.
    driver.refresh()
    _wait(driver, "ready")
    stop()
    driver.refresh()
    _wait(driver, "ready")
    driver.find_element("id", "file").send_keys(str(recording))
    _wait(driver, "done")
    np.testing.assert_allclose(driver.execute_script(RESULT)[0], reference.posteriors, rtol=0, atol=1e-3)
