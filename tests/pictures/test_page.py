"""The page of a recording, driven in a browser: it plays, zooms, seeks and decides anew."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vad.cli.rule_options import RULE_OPTIONS, rule_from_options
from vad.decision import DecisionRule
from vad.detector import Detector
from vad.formats import Entry, write_labels
from vad.pictures import Source, look
from vad.pictures.audio import Sound, encode
from vad.pictures.page import PAGE_DETAIL, command_name, page, save_page
from vad.pictures.template import asset
from vad.segments import Timeline

LABELS = Timeline.from_pairs([(0.5, 1.2), (2.0, 2.6), (4.5, 5.0), (6.0, 7.1)])


@pytest.fixture(scope="module")
def detector(energy_artifact: Path) -> Detector:
    return Detector(energy_artifact)


@pytest.fixture(scope="module")
def written(detector: Detector, bursts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the bursts, with labels and sound, under a name that has to be escaped."""
    source = Source(bursts, name="a <b> & \"c\" 'd'.wav")
    view = look(source, detector, reference=LABELS, detail=PAGE_DETAIL)
    path = tmp_path_factory.mktemp("page") / "page.html"
    save_page(view, path, sound=encode(source, view), model_rule=detector.rule)
    return path


@pytest.fixture
def opened(show: Any, written: Path) -> Callable[[str], Any]:
    """The page freshly opened; call it with an expression over `vadPage` to see what it holds."""
    return show(written, "vadPage")


def _click(browser: Any, element_id: str) -> None:
    browser.find_element("id", element_id).click()


def _wait(browser: Any, expression: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(lambda b: b.execute_script(f"return {expression}"), expression)


def _place(browser: Any) -> tuple[float, float, float]:
    """Left edge, middle and width of the picture, in pixels of the window."""
    box = browser.execute_script("return document.getElementById('picture').getBoundingClientRect().toJSON()")
    return box["left"], box["top"] + box["height"] / 2, box["width"]


def test_it_shows_what_the_detector_found(opened: Any, browser: Any, detector: Detector, bursts: Path) -> None:
    found = detector.detect(bursts)
    assert len(found) >= 3
    rate = detector.sample_rate
    assert opened("vadPage.state.segments") == [[round(s.start * rate), round(s.end * rate)] for s in found]
    rows = browser.find_elements("css selector", "#list tbody tr")
    assert len(rows) == len(found)
    assert browser.find_element("tag name", "h1").text == "a <b> & \"c\" 'd'.wav"
    assert "missed 0.5" in browser.find_element("id", "summary").text
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_it_is_one_file_that_calls_nobody(written: Path, opened: Any) -> None:
    text = written.read_text(encoding="utf-8")
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.sub(r'"data":"[^"]*"', "", text))
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", text)
    assert "default-src 'none'" in text
    assert "<!--vad:" not in text
    assert opened("performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('blob:')).length") == 0


def test_buttons_keys_and_wheel_zoom(opened: Any, browser: Any) -> None:
    def span() -> float:
        return opened("vadPage.state.view.end - vadPage.state.view.start")

    assert span() == 8
    _click(browser, "in")
    assert span() == 4
    _click(browser, "out")
    assert span() == 8
    browser.find_element("id", "picture").send_keys("+")
    assert span() == pytest.approx(8 / 1.5)
    browser.find_element("id", "picture").send_keys("0")
    assert span() == 8
    x, y, width = _place(browser)
    wheel = {"type": "mouseWheel", "x": x + 0.75 * width, "y": y, "deltaX": 0, "deltaY": -400}
    browser.execute_cdp_cmd("Input.dispatchMouseEvent", wheel)
    _wait(browser, "vadPage.state.view.end - vadPage.state.view.start < 7")
    assert span() == pytest.approx(8 / np.e)
    # What is under the pointer stays there.
    at = opened("vadPage.state.view.start + 0.75 * (vadPage.state.view.end - vadPage.state.view.start)")
    assert at == pytest.approx(6, abs=0.02)
    for _ in range(20):
        _click(browser, "in")
    assert span() == pytest.approx(0.05)
    _click(browser, "fit")
    assert opened("[vadPage.state.view.start, vadPage.state.view.end]") == [0, 8]


def _touch(browser: Any, kind: str, *shares: float) -> None:
    """Fingers at these shares of the picture's width."""
    x, y, width = _place(browser)
    points = [{"x": x + share * width, "y": y, "id": number} for number, share in enumerate(shares)]
    browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_pinch_zooms_and_dragging_moves(opened: Any, browser: Any) -> None:
    _touch(browser, "touchStart", 0.4, 0.6)
    for step in range(1, 6):
        _touch(browser, "touchMove", 0.4 - 0.02 * step, 0.6 + 0.02 * step)
    _touch(browser, "touchEnd")
    assert opened("vadPage.state.view.end - vadPage.state.view.start") == pytest.approx(4, rel=0.05)
    assert opened("vadPage.state.time") == 0  # a pinch is no click
    before = opened("vadPage.state.view.start")
    _touch(browser, "touchStart", 0.5)
    for step in range(1, 6):
        _touch(browser, "touchMove", 0.5 - 0.05 * step)
    _touch(browser, "touchEnd")
    assert opened("vadPage.state.view.start") == pytest.approx(before + 1, abs=0.1)
    assert opened("vadPage.state.time") == 0


def test_a_click_seeks(opened: Any, browser: Any) -> None:
    from selenium.webdriver import ActionChains

    canvas = browser.find_element("id", "picture")
    ActionChains(browser).move_to_element_with_offset(canvas, int(canvas.rect["width"]) // 4, 0).click().perform()
    assert opened("vadPage.state.time") == pytest.approx(6, abs=0.05)
    assert opened("vadPage.audio.currentTime") == pytest.approx(6, abs=0.05)
    assert browser.find_element("id", "clock").text.startswith("0:0")
    _click(browser, "previous")
    assert opened("vadPage.state.time") == opened(
        "vadPage.state.segments.filter(([s]) => s < 5.7 * 16000).pop()[0] / 16000"
    )


def test_it_plays(opened: Any, browser: Any) -> None:
    _wait(browser, "vadPage.audio.readyState >= 3")
    assert opened("vadPage.audio.duration") == pytest.approx(8, abs=1e-3)
    opened("vadPage.seek(2)")
    _click(browser, "play")
    _wait(browser, "vadPage.state.playing && vadPage.state.time > 2.3")
    assert "Pause" in browser.find_element("id", "play").text
    _click(browser, "play")
    _wait(browser, "!vadPage.state.playing")
    assert "Play" in browser.find_element("id", "play").text


def test_a_slider_decides_anew(opened: Any, browser: Any, detector: Detector, bursts: Path) -> None:
    import dataclasses

    browser.execute_script(
        "for (const [id, value] of [['min_silence_s', 0.5], ['pad_start_s', 0.25], ['offset_threshold', 0.7]]) {"
        " const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event('input')); }"
    )
    rule = dataclasses.replace(
        detector.rule, min_silence_s=0.5, pad_start_s=0.25, onset_threshold=0.7, offset_threshold=0.7
    )
    wanted = detector.detect(bursts, rule=rule)
    rate = detector.sample_rate
    assert opened("vadPage.state.segments") == [[round(s.start * rate), round(s.end * rate)] for s in wanted]
    shown = browser.find_element("id", "command").text
    assert shown.endswith("--onset-threshold 0.7 --offset-threshold 0.7 --min-silence 0.5 --pad-start 0.25")
    _click(browser, "reset")
    assert opened("vadPage.state.segments.length") == len(detector.detect(bursts))


def test_what_confirms_stays_above_the_onset_and_zero_takes_it_away(opened: Any, browser: Any) -> None:
    def move(name: str, value: float) -> tuple[Any, str]:
        browser.execute_script(
            "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
            " e.dispatchEvent(new Event('input'));",
            name, value,
        )  # fmt: skip
        return opened("vadPage.state.rule.confirm_threshold"), browser.find_element("id", "command").text

    onset = opened("vadPage.state.rule.onset_threshold")
    assert move("confirm_threshold", 1.0)[0] == 1
    assert opened("vadPage.state.segments.length") == 0
    confirm, command = move("confirm_threshold", 0.02)
    assert confirm == onset
    assert command.endswith(f"--confirm-threshold {onset:g}")
    confirm, command = move("onset_threshold", 0.97)
    assert confirm == 0.97
    assert command.endswith("--onset-threshold 0.97 --confirm-threshold 0.97")
    assert move("confirm_threshold", 0)[0] is None
    _click(browser, "reset")


def _dark_share(browser: Any) -> float:
    """Share of the page's pixels that are dark."""
    import io

    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("L"))
    return float((pixels < 60).mean())


def test_it_is_light_or_dark(opened: Any, browser: Any) -> None:
    light = _dark_share(browser)
    _click(browser, "theme")
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert light < 0.4
    assert _dark_share(browser) > 0.6
    assert opened("document.documentElement.dataset.theme") == "dark"


def test_it_fits_a_phone(opened: Any, browser: Any) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        assert opened("document.documentElement.scrollWidth") <= 390
        assert opened("document.getElementById('picture').clientWidth") > 350
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_draws(opened: Any) -> None:
    colours = opened(
        "(() => { const c = document.getElementById('picture');"
        "const d = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);"
        "return new Set(d).size; })()"
    )
    assert colours > 100


def test_a_part_without_sound_says_why(detector: Detector, bursts: Path) -> None:
    view = look(Source(bursts), detector, span=(2, 4), detail=PAGE_DETAIL)
    text = page(view, sound=None, model_rule=detector.rule)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert (data["start_s"], data["end_s"], data["audio"]) == (2, 4, None)
    assert "60 minutes" in data["silent"]


def test_data_cannot_end_the_script(detector: Detector, bursts: Path) -> None:
    view = look(Source(bursts, name="</script><script>alert(1)"), detector, detail=PAGE_DETAIL)
    text = page(view, sound=Sound("audio/flac", b""), model_rule=detector.rule)
    assert "alert(1)" in text
    assert "<script>alert" not in text


def test_its_command_finds_what_it_shows(detector: Detector, bursts: Path) -> None:
    """The channel is named, and no digit of a rule is lost: `vad detect` would refuse a limit that is one too short."""
    assert command_name(look(Source(bursts), detector)) == "bursts.wav"
    assert command_name(look(Source(bursts, name="a b.wav", channel=0), detector)) == "'a b.wav' --channel 0"
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the command is not made (apt install nodejs)")
    rule = DecisionRule(
        onset_threshold=0.73333,
        pad_start_s=0.03,
        pad_end_s=0.27,
        max_speech_s=0.03 + 0.27 + 0.4 + 0.5,
        min_speech_s=0.4,
    )
    for shown, given in ((rule, DecisionRule(confirm_threshold=0.8)), (DecisionRule(), rule)):
        rules = f"{json.dumps(shown.to_dict())}, {json.dumps(given.to_dict())}"
        script = f"{asset('command.js')}\nconsole.log(vadCommand.options({rules}))"
        text = subprocess.run([node, "-e", script], check=True, capture_output=True, text=True).stdout
        words = text.split()
        options = {
            flag[2:].replace("-", "_"): float(value) for flag, value in zip(words[::2], words[1::2], strict=True)
        }
        assert rule_from_options(given, {"preset": None, **dict.fromkeys(RULE_OPTIONS), **options}) == shown


def test_labels_of_any_format(energy_artifact: Path, bursts: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from vad.cli import main

    for suffix in (".csv", ".rttm", ".TextGrid", ".srt", ".txt", ".json", ".vtt"):
        labels = tmp_path / f"labels{suffix}"
        write_labels(labels, [Entry("bursts.wav", LABELS)])
        out = tmp_path / "page.html"
        arguments = ["plot", bursts, "-m", energy_artifact, "--labels", labels, "--no-audio", "-o", out]
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        assert '"reference":[[8000,19200],[32000,41600],[72000,80000],[96000,113600]]' in out.read_text()
