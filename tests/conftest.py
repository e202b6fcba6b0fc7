"""Fixtures that several test files share."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import keras

# Tests run on the CPU alone, and TensorFlow's start-up chatter would hide what a failing test says.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Started in the background by a shell, all processes would ignore Ctrl-C, and tests that press it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parent.parent
ENERGY_LOOKAHEAD = 4
BROWSER_FLAGS = (
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


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_home() -> Path:
    """The folder of real recordings, or a skip that says why."""
    home = os.environ.get("VAD_DATA_HOME")
    if not home:
        pytest.skip("VAD_DATA_HOME is not set: no real recordings to test on")
    path = Path(home).resolve()
    if not path.is_dir():
        pytest.skip(f"VAD_DATA_HOME={home} is no folder: no real recordings to test on")
    return path


def energy_network(**options: Any) -> keras.Model:
    """A small network that was not trained: it takes what is loud for speech, with some disorder in its weights.

    Its posteriors run over the whole range, so that segments, streams and exports can be tested without a training.

    Args:
        options: of the network, over a plain one's.
    """
    import numpy as np

    from vad.config.model import ModelConfig
    from vad.models import build_model, set_statistics

    config = ModelConfig.model_validate({"units": 16, "layers": 2, "lookahead_frames": ENERGY_LOOKAHEAD, **options})
    model = build_model(config, 40, use_cudnn=False)
    rng = np.random.default_rng(7)
    for layer in ("lstm_0", "lstm_1"):
        kernel, recurrent, bias = (rng.normal(0, 0.1, w.shape) for w in model.get_layer(layer).get_weights())
        candidate = slice(2 * config.units, 3 * config.units)
        kernel[:, candidate] += 4.0 / len(kernel)
        bias += np.repeat([2.0, -0.5, 0.0, 2.0], config.units)
        model.get_layer(layer).set_weights([kernel, recurrent, bias])
    model.get_layer("logits").set_weights([np.full((config.units, 1), 4.0 / config.units), np.zeros(1)])
    # Log-mel of noise at about -45 dB full scale lies near the mean: louder is positive.
    set_statistics(model, np.full(40, -7.0, np.float32), np.full(40, 2.0, np.float32))
    return model


@pytest.fixture(scope="session")
def energy_model() -> keras.Model:
    """The plain one of `energy_network`."""
    return energy_network()


@pytest.fixture(scope="session")
def network() -> Callable[..., keras.Model]:
    """`energy_network` with options."""
    return energy_network


@pytest.fixture(scope="session")
def energy_artifact(energy_model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `.tflite` of `energy_model`."""
    from vad.artifact import Metadata, save_artifact
    from vad.export.convert import convert_step_model, signature_table
    from vad.features.spec import FeatureSpec
    from vad.models import StepModel

    # Of a floor at which silence is as far from the mean as loud speech: 8 bits are spent evenly.
    spec = FeatureSpec(log_floor=1e-6)
    step_model = StepModel(energy_model, spec)
    metadata = Metadata(
        features=spec,
        lookahead_frames=ENERGY_LOOKAHEAD,
        states=step_model.state_shapes,
        signatures=signature_table((1, 32)),
        label_rule="what is loud",
    )
    path = tmp_path_factory.mktemp("energy") / "energy.tflite"
    save_artifact(path, convert_step_model(step_model, (1, 32)), metadata)
    return path


def _start_browser(profile: Path, flags: Sequence[str] = (), log: str = "browser") -> Any:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: no page is driven")
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    absent = [name for name, path in programs.items() if path is None]
    if absent:
        pytest.skip(f"{' and '.join(absent)} not installed: no page is driven (apt install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for flag in (*BROWSER_FLAGS, *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {log: "ALL"})
    service = webdriver.ChromeService(executable_path=programs["chromedriver"])
    return webdriver.Chrome(options=options, service=service)


@pytest.fixture(scope="session")
def start_browser(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Starts a Chromium of its own with further flags and another log; skips where there is none."""
    return lambda **how: _start_browser(tmp_path_factory.mktemp("chromium"), **how)


@pytest.fixture(scope="session")
def browser(start_browser: Callable[..., Any]) -> Iterator[Any]:
    """A Chromium that is driven by selenium, or a skip that says what is missing."""
    driver = start_browser()
    driver.set_window_size(1280, 1000)
    yield driver
    driver.quit()


@pytest.fixture
def show(browser: Any) -> Callable[[Path, str], Callable[[str], Any]]:
    """Opens a page, waits for a name of its script, and returns what tells the value of an expression in it."""
    from selenium.webdriver.support.ui import WebDriverWait

    def open_page(page: Path, name: str) -> Callable[[str], Any]:
        browser.set_window_size(1280, 1000)
        browser.get(page.as_uri())
        WebDriverWait(browser, 60).until(lambda b: b.execute_script(f"return window.{name} !== undefined"))
        # Two frames: what was asked to be drawn is drawn.
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        return lambda expression: browser.execute_script(f"return {expression};")

    return open_page


@pytest.fixture(scope="session")
def lines_of() -> Callable[[Callable[[], object]], int]:
    """Counts the lines of Python that a call executes: its cost, on any machine, however busy."""
    return _lines_of


def _lines_of(call: Callable[[], object]) -> int:
    before, lines = sys.gettrace(), 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal lines
        lines += event == "line"
        return trace

    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines
