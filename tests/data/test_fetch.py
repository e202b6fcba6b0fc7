"""Laws of fetching, against a local server that misbehaves on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from vad.data.download import FetchError, Transfer, download
from vad.data.fetch import FetchPlan, plan_fetch, run_fetch
from vad.manifests import Recording, original_path, resolve

FAST = Transfer(attempts=3, timeout_s=5.0, backoff_s=0.001)
CONTENT = bytes(range(256)) * 2000


@dataclass
class Origin:
    """A server of files by path; `faults` says how often a path misbehaves, and how."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)


def handler_of(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            path, wanted = unquote(self.path), self.headers.get("Range")
            origin.asked.append((path, wanted))
            if path not in origin.files:
                self.send_error(404)
                return
            faults = origin.faults.get(path, [])
            fault = faults.pop(0) if faults else ""
            if fault.isdigit():
                self.send_error(int(fault))
                return
            body = origin.files[path]
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and origin.ranges else 0
            if start >= len(body) > 0:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            rest = body[start:]
            self.wfile.write(rest[: len(rest) // 2] if fault == "drop" else rest)

    return Handler


@pytest.fixture
def origin() -> Iterator[Origin]:
    found = Origin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(found))
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def row(path: str, **changes: object) -> Recording:
    recording = Recording(
        id=f"corpus/{path}",
        audio=f"audio/corpus/{path}",
        offset_s=0.0,
        duration_s=2.0,
        kind="noise",
        speech=None,
        label_source="none",
        speaker=None,
        language=None,
        split="train",
        license="CC0-1.0",
        tier="permissive",
        origin="https://github.com/owner/name",
        origin_commit="abc",
        origin_path=path,
    )
    return replace(recording, **changes)


def serve(origin: Origin, *rows: Recording) -> None:
    for recording in rows:
        origin.files[f"/owner/name/abc/{recording.origin_path}"] = CONTENT


def fetch(rows: list[Recording], home: Path, origin: Origin, jobs: int = 2) -> tuple[FetchPlan, list[str]]:
    plan = plan_fetch(rows, home, base_url=origin.url)
    return plan, run_fetch(plan, home, jobs=jobs, transfer=FAST)


def test_names_with_spaces_quotes_and_other_letters_arrive(origin: Origin, tmp_path: Path) -> None:
    rows = [row(path) for path in ("a b.wav", "We're #1?.wav", "dir/cmn-一.mp3", '50%25+"x".wav')]
    serve(origin, *rows)
    _, failures = fetch(rows, tmp_path, origin)
    assert failures == []
    for recording in rows:
        clip = resolve(recording, tmp_path)
        assert clip is not None
        assert clip.path.read_bytes() == CONTENT
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_there_is_not_fetched_again(origin: Origin, tmp_path: Path) -> None:
    rows = [row("a.wav"), row("b.wav")]
    serve(origin, *rows)
    fetch(rows[:1], tmp_path, origin)
    packed = tmp_path / "audio/corpus/b.wav"
    packed.parent.mkdir(parents=True)
    packed.touch()
    plan, _ = fetch(rows, tmp_path, origin)
    assert (plan.present, plan.items) == (2, ())
    assert len(origin.asked) == 1


def test_clips_of_one_file_are_one_download(origin: Origin, tmp_path: Path) -> None:
    rows = [row("a.wav"), row("a.wav", id="corpus/second", origin_sha256=hashlib.sha256(CONTENT).hexdigest())]
    serve(origin, rows[0])
    plan, failures = fetch(rows, tmp_path, origin)
    assert (len(plan.items), failures) == (1, [])
    assert plan.items[0].sha256 == rows[1].origin_sha256


def test_a_dropped_connection_is_resumed_where_it_broke_off(origin: Origin, tmp_path: Path) -> None:
    recording = row("a.wav")
    serve(origin, recording)
    origin.faults["/owner/name/abc/a.wav"] = ["drop"] * 6
    _, failures = fetch([recording], tmp_path, origin)
    assert failures == []
    assert (tmp_path / "originals/github.com/owner/name/abc/a.wav").read_bytes() == CONTENT
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for _, wanted in origin.asked if wanted]
    assert starts == sorted(set(starts))
    assert len(starts) == 6


def test_the_next_run_resumes_what_the_last_one_left(origin: Origin, tmp_path: Path) -> None:
    recording = row("a.wav")
    serve(origin, recording)
    path = original_path(recording, tmp_path)
    assert path is not None
    path.parent.mkdir(parents=True)
    path.with_name("a.wav.part").write_bytes(CONTENT[:1000])
    _, failures = fetch([recording], tmp_path, origin)
    assert failures == []
    assert path.read_bytes() == CONTENT
    assert origin.asked == [("/owner/name/abc/a.wav", "bytes=1000-")]


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"too much"])
def test_a_part_that_is_whole_or_too_long(origin: Origin, tmp_path: Path, left: bytes) -> None:
    origin.files["/a"] = CONTENT
    (tmp_path / "a.part").write_bytes(left)
    download(f"{origin.url}/a", tmp_path / "a", transfer=FAST)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over(origin: Origin, tmp_path: Path) -> None:
    origin.files["/a"] = CONTENT
    origin.ranges = False
    (tmp_path / "a.part").write_bytes(b"former")
    download(f"{origin.url}/a", tmp_path / "a", transfer=FAST)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_an_empty_file_is_a_file(origin: Origin, tmp_path: Path) -> None:
    origin.files["/a"] = b""
    download(f"{origin.url}/a", tmp_path / "a", transfer=FAST)
    assert (tmp_path / "a").read_bytes() == b""


def test_a_busy_server_is_asked_again_and_an_absent_file_is_not(origin: Origin, tmp_path: Path) -> None:
    busy, absent, other = row("busy.wav"), row("absent.wav"), row("other.wav")
    serve(origin, busy, other)
    origin.faults["/owner/name/abc/busy.wav"] = ["503", "429"]
    _, failures = fetch([absent, busy, other], tmp_path, origin)
    assert len(failures) == 1
    assert "absent.wav: the server answered 404" in failures[0]
    assert resolve(busy, tmp_path) is not None
    assert resolve(other, tmp_path) is not None
    assert Counter(path for path, _ in origin.asked)["/owner/name/abc/absent.wav"] == 1


def test_a_server_that_stays_busy_is_given_up(origin: Origin, tmp_path: Path) -> None:
    origin.files["/a"] = CONTENT
    origin.faults["/a"] = ["503"] * 9
    with pytest.raises(FetchError, match=r"answered 503 .* tried 3 times in vain"):
        download(f"{origin.url}/a", tmp_path / "a", transfer=FAST)
    assert len(origin.asked) == 3


def test_nobody_listening(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="the connection failed"):
        download("http://127.0.0.1:9/a", tmp_path / "a", transfer=replace(FAST, attempts=2))


def test_a_wrong_checksum_leaves_no_file(origin: Origin, tmp_path: Path) -> None:
    recording = row("a.wav", origin_sha256="0" * 64)
    serve(origin, recording)
    _, failures = fetch([recording], tmp_path, origin)
    assert "expected 0000" in failures[0]
    assert resolve(recording, tmp_path) is None
    assert not list(tmp_path.rglob("a.wav*"))


def test_the_first_checksum_is_recorded_and_binds_the_second_fetch(origin: Origin, tmp_path: Path) -> None:
    recording = row("a.wav")
    serve(origin, recording)
    fetch([recording], tmp_path, origin)
    ledger = tmp_path / "originals/checksums.jsonl"
    (line,) = ledger.read_text().splitlines()
    assert json.loads(line) == {
        "path": "github.com/owner/name/abc/a.wav",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    path = original_path(recording, tmp_path)
    assert path is not None
    path.unlink()
    origin.files["/owner/name/abc/a.wav"] = b"something else"
    _, failures = fetch([recording], tmp_path, origin)
    assert "the file has changed" in failures[0]
    ledger.write_text("")
    assert fetch([recording], tmp_path, origin)[1] == []


def test_a_torn_ledger_keeps_its_whole_lines_and_takes_new_ones(origin: Origin, tmp_path: Path) -> None:
    first, second = row("a.wav"), row("b.wav")
    serve(origin, first, second)
    fetch([first], tmp_path, origin)
    ledger = tmp_path / "originals/checksums.jsonl"
    ledger.write_text(ledger.read_text() + '{"path": "github')
    fetch([second], tmp_path, origin)
    lines = [json.loads(line) for line in ledger.read_text().splitlines() if line.endswith("}")]
    assert [entry["path"].rsplit("/")[-1] for entry in lines] == ["a.wav", "b.wav"]


def test_a_pointer_is_not_taken_for_audio(origin: Origin, tmp_path: Path) -> None:
    origin.files["/a"] = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    with pytest.raises(FetchError, match="Git LFS pointer"):
        download(f"{origin.url}/a", tmp_path / "a", transfer=FAST)
    assert not list(tmp_path.iterdir())


def test_rows_that_cannot_be_fetched_say_what_to_do(tmp_path: Path) -> None:
    rows = [
        row("x.flac", id="librispeech-deep/x.flac", origin_commit="history"),
        row("y.ogg", origin_commit="history"),
        row("z.wav", id="own/z.wav", origin=None, origin_commit=None, origin_path=None),
        row("w.wav", id="far/w.wav", origin="https://example.org/owner/name"),
    ]
    reasons = list(plan_fetch(rows, tmp_path).unfetchable)
    assert "https://www.openslr.org/12" in reasons[0]
    assert "only in older commits of https://github.com/owner/name" in reasons[1]
    assert "no origin" in reasons[2]
    assert "not GitHub" in reasons[3]
    assert plan_fetch([row("a.wav")], tmp_path).items[0].url == (
        "https://raw.githubusercontent.com/owner/name/abc/a.wav"
    )


def test_interrupting_keeps_what_has_arrived(origin: Origin, tmp_path: Path) -> None:
    rows = [row(f"{number}.wav") for number in range(20)]
    serve(origin, *rows)
    plan = plan_fetch(rows, tmp_path, base_url=origin.url)

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_fetch(plan, tmp_path, jobs=1, transfer=FAST, on_file=interrupt)
    arrived = sum(resolve(recording, tmp_path) is not None for recording in rows)
    assert 1 <= arrived < 20
    _, failures = fetch(rows, tmp_path, origin)
    assert failures == []
