"""The report of an evaluation: its numbers are those of the evaluation, its pages open."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from vad.cli import main


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings of three seconds with one burst each, some of them mislabelled; two are noise."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    rows = []
    for number in range(6):
        samples = 0.0005 * rng.standard_normal(48000)
        samples[16000:32000] += 0.1 * rng.standard_normal(16000)
        soundfile.write(folder / f"{number}.wav", samples, 16000)
        speech = [[1.0 - 0.1 * number, 2.0]] if number < 4 else []
        rows.append({
            "id": f"set/{number}<i>.wav", "audio": f"{number}.wav", "duration_s": 3.0,
            "kind": "labelled" if speech else "noise", "speech": speech, "split": "dev",
            "label_source": "reference" if speech else "no-speech", "speaker": None, "language": None,
            "license": "CC0-1.0", "tier": "permissive", "origin": None, "origin_commit": None, "origin_path": None,
        })  # fmt: skip
    manifest = folder / "corpus.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return manifest


@pytest.fixture(scope="module")
def folder(corpus: Path, energy_artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "new"
    arguments = ["evaluate", corpus, "--model", energy_artifact, "--against", "energy", "--by", "kind"]
    arguments += ["--bootstrap", 20, "--report", out, "--worst", 2]
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert f"{out / 'index.html'} has" in result.stderr
    return out


def test_the_folder_has_what_the_index_names(folder: Path) -> None:
    index = (folder / "index.html").read_text()
    named = set(re.findall(r'href="([^"]+)"', index))
    assert {"report.json"} < named
    assert {str(p.relative_to(folder)) for p in folder.rglob("*.*") if p.is_file()} == {*named, "index.html"}
    assert 2 <= len(named) - 1 <= 4
    assert "set/5&lt;i&gt;.wav" in index
    assert "<!--vad:" not in index


def test_the_index_calls_nobody(folder: Path) -> None:
    index = (folder / "index.html").read_text()
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", index)
    assert "<script" not in index


def test_json_has_all_numbers(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    assert {(c["condition"], c["engine"]) for c in report["curves"]} == {
        (condition, engine) for condition in ("all", "labelled", "noise") for engine in ("vad", "energy")
    }
    curve = next(c for c in report["curves"] if (c["condition"], c["engine"]) == ("all", "vad"))
    measures = next(r["measures"] for r in report["results"] if (r["condition"], r["engine"]) == ("all", "vad"))
    assert curve["operating_point"]["recall"] == measures["recall"]["value"]
    assert curve["operating_point"]["false_alarm_rate"] == measures["false_alarm_rate"]["value"]
    cells = sum(b["cells"] for b in curve["calibration"])
    error = (
        sum(b["cells"] * abs(b["mean_value"] - b["speech_share"]) for b in curve["calibration"] if b["cells"]) / cells
    )
    assert error == pytest.approx(measures["calibration_error"]["value"])
    assert len(report["delay_edges_s"]) == len(curve["onset_delays"]) + 1
    assert len(report["recordings"]) == 12


def test_charts_are_well_formed_and_finite(folder: Path) -> None:
    charts = re.findall(r"<svg.*?</svg>", (folder / "index.html").read_text(), re.S)
    titles = []
    for text in charts:
        root = ElementTree.fromstring(text)
        titles += [element.text for element in root.iter("text") if element.get("class") == "title"]
        assert not re.search(r"\bnan\b|\binf\b", text)
    assert any(title.startswith("Calibration (error: vad 0.") for title in titles)
    for title in ("ROC", "Precision and recall", "DET", "Delay of the starts", "ROC-AUC"):
        assert title in titles


def test_a_smaller_report_leaves_no_page_of_the_former(corpus: Path, energy_artifact: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", str(corpus), "--model", str(energy_artifact), "--bootstrap", "0", "--report"]
    arguments += [str(tmp_path / "r"), "--worst"]
    for n_worst in ("3", "0"):
        assert CliRunner().invoke(main, [*arguments, n_worst]).exit_code == 0
    assert list((tmp_path / "r" / "recordings").iterdir()) == []
    assert "No recording is pictured" in (tmp_path / "r" / "index.html").read_text()


def test_worst_needs_a_report(corpus: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", str(corpus), "--worst", "3"])
    assert result.exit_code == 2
    assert "--report DIR" in result.stderr


def test_it_opens_and_leads_to_pages_that_play(folder: Path, browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((folder / "index.html").as_uri())
    assert browser.find_element("tag name", "h1").text == "Evaluation"
    assert len(browser.find_elements("css selector", "svg.chart")) > 8
    browser.find_element("css selector", "a.recording").click()
    WebDriverWait(browser, 20).until(lambda b: b.execute_script("return window.vadPage !== undefined"))
    assert browser.execute_script("return vadPage.whole") == {"start": 0, "end": 3}
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_it_fits_a_phone(folder: Path, browser: Any) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        browser.get((folder / "index.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
