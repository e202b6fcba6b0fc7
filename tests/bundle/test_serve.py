"""The bundle's web folder without a browser: its server, and the module's microphone."""

from __future__ import annotations

import http.client
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_the_server_outlives_names_that_are_none(bundle: Path, node: str) -> None:
    script = (bundle / "web" / "serve.mjs").read_text(encoding="utf-8")
    # Any free port, said aloud.
    told = script.replace("listen(port,", "listen(0,").replace(
        "() => console.log(`http://localhost:${port}`)", "function () { console.log(this.address().port); }"
    )
    assert told.count("listen(0,") == told.count("this.address()") == 1
    (bundle / "web" / "serve_any.mjs").write_text(told, encoding="utf-8")
    command = [node, str(bundle / "web" / "serve_any.mjs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            found = [_status(port, path) for path in ("/%", "/%00", "/none", "/../c/vad.c", "/", "/vad.json")]
        finally:
            server.terminate()
            (bundle / "web" / "serve_any.mjs").unlink()
    assert found == [404, 404, 404, 404, 200, 200]


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    return connection.getresponse().status


def test_two_clicks_take_the_microphone_once(bundle: Path, node: str, tmp_path: Path) -> None:
    module = tmp_path / "vad.mjs"
    module.write_bytes((bundle / "web" / "vad.js").read_bytes())
    command = [node, str(HERE / "listen_driver.mjs"), module.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["1", "1"]
