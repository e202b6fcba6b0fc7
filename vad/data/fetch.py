"""Fetching corpora: what manifests name and nobody has yet, from where it came from, into the data home."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from vad.data.download import FetchError, Stopped, Transfer, download
from vad.data.ledger import Ledger
from vad.data.missing import obstacle, origin_address
from vad.manifests import Recording, original_path, resolve


@dataclass(frozen=True, slots=True)
class Item:
    """One file to fetch.

    Attributes:
        url: where from.
        path: where to.
        sha256: its checksum, when a row states it.
        rows: the recordings that it holds.
    """

    url: str
    path: Path
    sha256: str | None
    rows: tuple[Recording, ...]


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a fetch is going to do.

    Attributes:
        items: the files to fetch, in the order of the manifests.
        present: recordings that are there already.
        unfetchable: recordings that nothing can be done for, by reason.
    """

    items: tuple[Item, ...]
    present: int
    unfetchable: dict[str, tuple[Recording, ...]]


def plan_fetch(rows: Sequence[Recording], home: Path, *, base_url: str | None = None) -> FetchPlan:
    """Finds out what has to be fetched.

    Args:
        rows: the recordings that are wanted.
        home: the data home.
        base_url: address in front of ``owner/repository/commit/path``; GitHub's own when None.
    """
    items: dict[Path, Item] = {}
    unfetchable: dict[str, list[Recording]] = {}
    present = 0
    for row in rows:
        if resolve(row, home) is not None:
            present += 1
            continue
        url, path = origin_address(row, base_url), original_path(row, home)
        if url is None or path is None:
            reason = f"{row.source}: {obstacle(row, home, base_url)}"
            unfetchable.setdefault(reason, []).append(row)
        elif path in items:
            item = items[path]
            stated = row.origin_sha256 if item.sha256 is None else item.sha256
            items[path] = replace(item, sha256=stated, rows=(*item.rows, row))
        else:
            items[path] = Item(url, path, row.origin_sha256, (row,))
    stuck = {reason: tuple(found) for reason, found in unfetchable.items()}
    return FetchPlan(tuple(items.values()), present, stuck)


def run_fetch(
    plan: FetchPlan,
    home: Path,
    *,
    jobs: int = 4,
    transfer: Transfer | None = None,
    on_file: Callable[[Item], None] | None = None,
) -> list[str]:
    """Fetches the files of a plan; a file that fails does not keep the others from arriving.

    The checksum of a file is compared with the row's, else with the one recorded when it was first fetched, else
    recorded.

    Args:
        plan: what to fetch.
        home: the data home.
        jobs: how many files at once.
        transfer: how; the defaults when None.
        on_file: called after each file, arrived or failed, in this thread.

    Returns:
        One line for each file that failed; empty when all have arrived.
    """
    ledger = Ledger(home)
    stop = threading.Event()
    transfer = replace(Transfer() if transfer is None else transfer, stop=stop)
    failures: list[str] = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = {pool.submit(_fetch_one, item, ledger, transfer): item for item in plan.items}
        try:
            for future in as_completed(futures):
                failure = future.result()
                if failure is not None:
                    failures.append(failure)
                if on_file is not None:
                    on_file(futures[future])
        except BaseException:
            # Ctrl-C: what is under way stops at its next block, what waits never starts.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sorted(failures)


def _fetch_one(item: Item, ledger: Ledger, transfer: Transfer) -> str | None:
    """Fetches one file; returns why it failed, or None."""
    expected = ledger.checksum(item.path) if item.sha256 is None else item.sha256
    try:
        ledger.record(item.path, download(item.url, item.path, sha256=expected, transfer=transfer))
    except (FetchError, Stopped) as error:
        return str(error)
    except OSError as error:
        return f"{item.url}: {item.path} cannot be written ({error.strerror})"
    return None
