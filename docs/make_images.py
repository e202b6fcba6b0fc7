"""Makes the pictures of these pages anew: ``python docs/make_images.py [--model FILE]``.

Needs the ``[plot]`` and ``[peers]`` extras, silero-vad, selenium, Chromium and its driver, and npm. Everything is made
from what lies in the repository, so that the same model gives the same pictures.
"""

from __future__ import annotations

import functools
import http.server
import io
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import click
from PIL import Image

from vad.bundle import write_bundle

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
# Colours of a picture: enough for every lane to keep its own, at a third of the bytes.
_COLOURS = 128
# Of a picture that is made of images.
_MANY_COLOURS = 256
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
)


@click.command()
@click.option("--model", type=click.Path(path_type=Path, exists=True), help="Another model than the packaged one.")
def main(model: Path | None) -> None:
    """Runs the commands of the pages and pictures what they made."""
    packaged = ROOT / "vad" / "weights" / "vad.tflite"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        _run_commands(made, [] if model is None else ["--model", str(model.resolve())])
        _save(Image.open(made / "plot.png"), "plot.png", width=880)
        _save(Image.open(made / "gates.png"), "gates.png", width=1000, colours=_MANY_COLOURS)
        driver = _browser(made / "profile")
        try:
            _photograph(driver, made)
            _photograph_network(driver, made)
            _photograph_app(driver, made, packaged if model is None else model)
        finally:
            driver.quit()
    total = sum(path.stat().st_size for path in IMAGES.glob("*.png"))
    click.echo(f"{total / 1000:.0f} kB in {IMAGES.relative_to(ROOT)}", err=True)


def _run_commands(made: Path, model: list[str]) -> None:
    recording = "examples/recording.wav"
    _vad("plot", recording, "--find-labels", "-o", made / "plot.png", *model)
    _vad("plot", recording, "--find-labels", "-o", made / "plot.html", *model)
    _vad("explain", recording, "--at", 11.2, "-o", made / "gates.png", *model)
    _vad("explain", recording, "--at", 11.2, "-o", made / "gates.html", *model)
    # Beside copies of the audio, for a manifest and its audio belong together.
    shutil.copytree(ROOT / "examples", made / "examples")
    _vad("data", "import", made / "examples", "-o", made / "examples.jsonl", "--unlabelled", "skip", "--split", "dev")
    manifests = [made / "examples.jsonl", "data_manifests/tiny.jsonl.gz"]
    against = ["--by", "kind", "--against", "silero,webrtc,energy"]
    _vad("evaluate", *manifests, "--split", "dev", *against, "--report", made / "report", *model)


def _vad(*arguments: object) -> None:
    command = [str(Path(sys.executable).with_name("vad")), *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _browser(profile: Path) -> Any:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*_FLAGS.split(), f"--user-data-dir={profile}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


def _photograph(driver: Any, made: Path) -> None:
    page, report = (made / "plot.html").as_uri(), (made / "report" / "index.html").as_uri()
    zoomed = "vadPage.show(6.8, 5); vadPage.seek(9)"
    for uri, name, size, theme, script in (
        (page, "page.png", (1000, 880), "light", ""),
        (page, "page-phone.png", (390, 844), "dark", zoomed),
        (report, "report.png", (1000, 1330), "light", ""),
    ):
        _present(driver, size, theme)
        driver.get(uri)
        if uri == page:
            _until(driver, "window.vadPage !== undefined")
        driver.execute_script(script)
        _take(driver, name, size[0])


def _photograph_network(driver: Any, made: Path) -> None:
    """The page of an explanation with something switched."""
    forgetful = "document.getElementById('scope').value = 'group'; vadExplain.choose('forget', 0);"
    deaf = "document.getElementById('scope').value = 'layer'; vadExplain.choose('input', 0);"
    for name, size, theme, script in (
        ("simulator.png", (1280, 1160), "light", f"vadExplain.select(vadExplain.data.units[1].order[15]); {forgetful}"),
        ("simulator-phone.png", (390, 1040), "dark", f"vadExplain.selectLayer(0); vadExplain.show(9, 3); {deaf}"),
    ):
        _present(driver, size, theme)
        driver.get((made / "gates.html").as_uri())
        _until(driver, "window.vadExplain !== undefined")
        driver.execute_script(script)
        _take(driver, name, size[0], _MANY_COLOURS)


def _photograph_app(driver: Any, made: Path, model: Path) -> None:
    """The page of a bundle, once it has heard the recording."""
    site = write_bundle(model, made / "app").folder / "web"
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=site, check=True)
    handler = functools.partial(_Silent, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, size, theme in (("app.png", (1100, 600), "light"), ("app-phone.png", (390, 844), "dark")):
            _present(driver, size, theme)
            driver.get(f"http://localhost:{server.server_address[1]}/")
            _until(driver, "window.session && window.session.status === 'ready'")
            driver.find_element("id", "file").send_keys(str(ROOT / "examples" / "recording.wav"))
            _until(driver, "window.session.status === 'done'")
            _take(driver, name, size[0])
        server.shutdown()


class _Silent(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _present(driver: Any, size: tuple[int, int], theme: str) -> None:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def _take(driver: Any, name: str, width: int, colours: int = _COLOURS) -> None:
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    _save(Image.open(io.BytesIO(driver.get_screenshot_as_png())), name, width=width, colours=colours)


def _until(driver: Any, expression: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 60).until(lambda d: d.execute_script(f"return {expression}"))


def _save(image: Image.Image, name: str, *, width: int, colours: int = _COLOURS) -> None:
    shown = image.convert("RGB")
    if shown.width > width:
        shown = shown.resize((width, round(shown.height * width / shown.width)), Image.Resampling.LANCZOS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    palette = shown.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    palette.save(IMAGES / name, optimize=True)


if __name__ == "__main__":
    main()
