"""The page is the network: its numbers are Python's, and it can be stepped through and changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vad.decision import decide
from vad.explain import Explanation, Intervention, forward, saliency
from vad.explain.page import save_explanation_page
from vad.pictures import Source
from vad.pictures.audio import encode

EXACT = 1e-9


@pytest.fixture(scope="module")
def written(explanation: Explanation, recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "gates.html"
    save_explanation_page(explanation, path, sound=encode(Source(recording), explanation.view))
    return path


def _posteriors(opened: Any) -> np.ndarray:
    return np.array(opened("Array.from(vadExplain.state.posteriors)"))


def _changed(explanation: Explanation, *interventions: Intervention) -> np.ndarray:
    trace = forward(
        explanation.network, explanation.trace.frames, before=explanation.trace.before, interventions=interventions
    )
    return trace.posteriors[explanation.lookahead :]


def _click(browser: Any, selector: str) -> None:
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_its_posteriors_are_those_of_python_and_of_the_artifact(
    opened: Any, browser: Any, explanation: Explanation
) -> None:
    found = _posteriors(opened)
    np.testing.assert_allclose(found, explanation.posteriors, rtol=0, atol=EXACT)
    first = explanation.first_frame
    wanted = explanation.view.posteriors[first : first + explanation.n_frames]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_it_is_one_file_that_calls_nobody(written: Path, opened: Any) -> None:
    text = re.sub(r'"(?:data|kernel|recurrent|bias|output|frames|h|c)":"[^"]*"', "", written.read_text("utf-8"))
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", text)
    assert "default-src 'none'" in text
    assert "<!--vad:" not in text
    assert opened("performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('blob:')).length") == 0


def test_its_segments_are_decided_by_the_same_rule(opened: Any, explanation: Explanation) -> None:
    view, first = explanation.view, explanation.first_frame
    n_samples = view.grid.samples_for(explanation.n_frames)
    found = decide(explanation.posteriors.astype(np.float32), view.rule, view.grid, n_samples)
    shift = first * view.grid.hop_length
    wanted = [[round(s.start * 16000) + shift, round(s.end * 16000) + shift] for s in found]
    assert opened("vadExplain.state.segments") == wanted


SWITCHES = {
    "forget the first layer": [Intervention(0, "forget", 0.0)],
    "open the gates of a unit": [Intervention(1, "input", 1.0, unit=7), Intervention(1, "output", 1.0, unit=7)],
    "freeze from a step on": [Intervention(1, "freeze", start=150)],
    "several, of which the last counts": [
        Intervention(0, "output", 0.0),
        Intervention(0, "output", 1.0, unit=3, start=40),
        Intervention(1, "freeze", unit=11),
    ],
}


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_switched_acts_as_in_python(opened: Any, browser: Any, explanation: Explanation, name: str) -> None:
    switches = [
        {"layer": one.layer, "kind": one.kind, "value": one.value, "start": one.start,
         "units": None if one.unit is None else [one.unit]}
        for one in SWITCHES[name]
    ]  # fmt: skip
    browser.execute_script("vadExplain.state.interventions = arguments[0]; vadExplain.run();", switches)
    found = _posteriors(opened)
    np.testing.assert_allclose(found, _changed(explanation, *SWITCHES[name]), rtol=0, atol=EXACT)
    assert np.abs(found - explanation.posteriors).max() > 1e-3


def test_buttons_switch_and_reset(opened: Any, browser: Any, explanation: Explanation) -> None:
    _click(browser, "#layers button:first-child")
    browser.execute_script("document.getElementById('scope').value = 'layer'")
    _click(browser, '#switches [data-kind="forget"][data-value="0"]')
    np.testing.assert_allclose(
        _posteriors(opened), _changed(explanation, Intervention(0, "forget", 0.0)), rtol=0, atol=EXACT
    )
    assert "lstm_0, all units: forget gate = 0" in browser.find_element("id", "changed").text
    assert "→" in browser.find_element("id", "summary").text
    # One of them back to what it is; the others stay.
    browser.execute_script("document.getElementById('scope').value = 'unit'; vadExplain.select(5);")
    _click(browser, '#switches [data-kind="forget"][data-value="null"]')
    count = explanation.network.layers[0].units
    others = [Intervention(0, "forget", 0.0, unit=unit) for unit in range(count) if unit != 5]
    np.testing.assert_allclose(_posteriors(opened), _changed(explanation, *others), rtol=0, atol=EXACT)
    _click(browser, "#changed li button")
    np.testing.assert_allclose(_posteriors(opened), explanation.posteriors, rtol=0, atol=EXACT)
    browser.execute_script("document.getElementById('scope').value = 'group'")
    _click(browser, '#switches [data-kind="freeze"][data-value="0"]')
    units = explanation.units[0]
    group = [Intervention(0, "freeze", unit=unit) for unit in units.members(units.group[5])]
    np.testing.assert_allclose(_posteriors(opened), _changed(explanation, *group), rtol=0, atol=EXACT)
    _click(browser, "#reset")
    np.testing.assert_allclose(_posteriors(opened), explanation.posteriors, rtol=0, atol=EXACT)
    assert browser.find_element("id", "changed").text.startswith("Nothing yet")


def _shown(browser: Any) -> dict[str, float]:
    """The numbers of the panel with all their digits; those that are read have three."""
    shown = {}
    for element in browser.find_elements("css selector", "#equations b"):
        value = float(element.get_attribute("data-value"))
        read = float(element.text.replace("−", "-"))
        assert read == pytest.approx(value, abs=6e-4, rel=6e-4)
        shown[element.get_attribute("data-name")] = value
    return shown


def _sigmoid(z: float) -> float:
    return float(1 / (1 + np.exp(-z)))


@pytest.mark.parametrize(("layer", "unit"), [(0, 12), (1, 40)])
def test_the_numbers_of_a_step_satisfy_the_equations(
    opened: Any, browser: Any, explanation: Explanation, layer: int, unit: int
) -> None:
    browser.execute_script(f"vadExplain.selectLayer({layer}); vadExplain.select({unit}); vadExplain.go(100);")
    previous = _shown(browser)
    for step in (101, 102):
        _click(browser, "#on")
        assert opened("vadExplain.state.step") == step
        shown = _shown(browser)
        sums = [sum(one.values()) for one in opened("vadExplain.numbers().sums")]
        assert shown["i"] == pytest.approx(_sigmoid(sums[0]), abs=1e-12)
        assert shown["f"] == pytest.approx(_sigmoid(sums[1]), abs=1e-12)
        assert shown["g"] == pytest.approx(np.tanh(sums[2]), abs=1e-12)
        assert shown["o"] == pytest.approx(_sigmoid(sums[3]), abs=1e-12)
        assert shown["former"] == previous["c"]
        assert shown["c"] == pytest.approx(shown["f"] * shown["former"] + shown["i"] * shown["g"], abs=1e-12)
        assert shown["h"] == pytest.approx(shown["o"] * np.tanh(shown["c"]), abs=1e-12)
        run = explanation.trace.layers[layer]
        assert shown["c"] == pytest.approx(run.c[step, unit], abs=EXACT)
        assert ("vote" in shown) == (layer == 1)
        if layer == 1:
            assert shown["vote"] == pytest.approx(run.h[step, unit] * explanation.network.output[unit], abs=EXACT)
        previous = shown


def test_its_saliency_is_that_of_python(opened: Any, explanation: Explanation) -> None:
    opened("vadExplain.go(250)")
    found = opened(
        "(({ network, plain, before }) => { const { first, gradient } = "
        "vadLstm.saliency(network, plain, before, 250, 120); return { first, gradient: Array.from(gradient) }; })"
        "(vadExplain.state)"
    )
    wanted = saliency(explanation.network, explanation.trace, 250)
    assert found["first"] == 131
    np.testing.assert_allclose(np.reshape(found["gradient"], (120, -1)), wanted[131:], rtol=1e-6, atol=1e-12)


def test_steps_by_buttons_keys_and_slider(opened: Any, browser: Any, explanation: Explanation) -> None:
    from selenium.webdriver.common.keys import Keys

    def step() -> int:
        return int(opened("vadExplain.state.step"))

    assert step() == explanation.moment.step
    heard = browser.find_element("id", "heard")
    for keys, wanted in ((Keys.HOME, 0), (Keys.ARROW_RIGHT, 1), (Keys.SHIFT + Keys.ARROW_RIGHT, 11),
                         (Keys.END, len(explanation.trace.logits) - 1), ("m", explanation.moment.step)):  # fmt: skip
        heard.send_keys(keys)
        assert step() == wanted
    _click(browser, "#back10")
    assert step() == explanation.moment.step - 10
    browser.execute_script(
        "const s = document.getElementById('step'); s.value = 77; s.dispatchEvent(new Event('input'))"
    )
    assert step() == 77
    assert "step 77" in browser.find_element("id", "clock").text
    at = explanation.times[77 - explanation.lookahead]
    assert browser.find_element("id", "command").text == f"vad explain recording.wav --at {at:.3f}"
    units = browser.find_element("id", "units")
    order = explanation.units[1].order
    units.send_keys(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert opened("vadExplain.state.unit") == order[2]
    assert browser.find_element("id", "unit-title").text == f"lstm_1, unit {order[2]}"
    assert step() == 77  # arrows in the units do not step


def test_clicks_choose_units(opened: Any, browser: Any, explanation: Explanation) -> None:
    from selenium.webdriver import ActionChains

    canvas = browser.find_element("id", "gates")
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", canvas)
    box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", canvas)
    # The tenth row of the second image, in the middle of the part.
    tall = (box["height"] + 5) / 4
    y = tall + 9.5 * (tall - 5) / 64
    ActionChains(browser).move_to_element_with_offset(canvas, 0, round(y - box["height"] / 2)).click().perform()
    order = explanation.units[1].order
    assert opened("vadExplain.state.unit") in order[8:12]
    assert opened("vadExplain.state.step") == pytest.approx(len(explanation.trace.logits) / 2, abs=8)
    chip = browser.find_element("id", f"unit-{order[30]}")
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", chip)
    chip.click()
    assert opened("vadExplain.state.unit") == order[30]


def test_it_plays_and_the_steps_follow(opened: Any, browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    opened("vadExplain.go(10)")
    _click(browser, "#play")
    WebDriverWait(browser, 60).until(lambda b: b.execute_script("return vadExplain.state.step") > 20)
    _click(browser, "#play")
    at = opened("vadExplain.state.step")
    assert opened("document.getElementById('audio').paused")
    assert opened("vadExplain.state.step") == at


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_it_fits_the_screen(opened: Any, browser: Any, width: int) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        assert opened("document.documentElement.scrollWidth") <= width
        assert opened("document.getElementById('gates').clientWidth") > 0.5 * width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_controls_have_names(opened: Any) -> None:
    nameless = (
        "Array.from(document.querySelectorAll('button, input, select, canvas, [role=listbox]'))"
        ".filter((e) => !(e.textContent.trim() || e.closest('label')))"
        ".filter((e) => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')))"
        ".map((e) => e.outerHTML)"
    )
    assert opened(nameless) == []
