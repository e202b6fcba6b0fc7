"""The cluster engine, and the one way that work is spread over it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from vad.errors import MissingDependencyError, extra_line

# Enough to keep every node busy while results are written, few enough to bound memory.
_QUEUED_PER_CPU = 2


def connect(address: str | None = None) -> Any:
    """Returns the Ray module, connected.

    Args:
        address: of a running cluster; None takes ``RAY_ADDRESS``, else this machine.

    Raises:
        MissingDependencyError: when Ray is not installed.
    """
    try:
        import ray
    except ImportError:
        raise MissingDependencyError("ray", install=extra_line("scale"), purpose="running on a cluster") from None
    if not ray.is_initialized():
        ray.init(address=address, log_to_driver=False, include_dashboard=False)
    return ray


def spread(ray: Any, work: Callable[[Any], Any], items: Iterable[Any]) -> Generator[tuple[int, Any], None, None]:
    """Does `work` on every item somewhere in the cluster.

    Args:
        ray: what `connect` returned.
        work: takes an item; sent to the nodes as it is.
        items: what to work on, taken as there is room.

    Yields:
        The index of an item and its result, as they are done.
    """

    def do(item: Any) -> Any:  # Ray takes functions alone, not everything that can be called.
        return work(item)

    remote = ray.remote(do)
    limit = max(1, int(ray.cluster_resources().get("CPU", 1))) * _QUEUED_PER_CPU
    running: dict[Any, int] = {}
    for index, item in enumerate(items):
        if len(running) >= limit:
            yield _finished(ray, running)
        running[remote.remote(item)] = index
    while running:
        yield _finished(ray, running)


def _finished(ray: Any, running: dict[Any, int]) -> tuple[int, Any]:
    (done,), _ = ray.wait(list(running))
    return running.pop(done), ray.get(done)
