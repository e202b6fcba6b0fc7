"""Recordings one after the other, or side by side; what fails is named and counted, and the rest goes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from vad.cli.progress import ByteCounter, Progress
from vad.errors import AudioError, FeatureError

if TYPE_CHECKING:
    from vad.cli.inputs import Hearing, Source
    from vad.cli.outputs import Target
    from vad.cli.posterior_target import PosteriorTarget
    from vad.cli.workers import Result


@dataclass
class Totals:
    """What a batch came to.

    Args:
        n_done: recordings done.
        n_failed: recordings, and names of recordings, of which nothing came.
        n_skipped: recordings that were finished before.
        duration_s: length of those done.
        speech_s: speech in them.
    """

    n_done: int = 0
    n_failed: int = 0
    n_skipped: int = 0
    duration_s: float = 0.0
    speech_s: float = 0.0
    _begun: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        n_all = self.n_done + self.n_failed + self.n_skipped
        parts = [f"{n_all} recordings: {self.n_done} done"]
        if self.n_skipped:
            parts.append(f"{self.n_skipped} finished before")
        parts.append(f"{self.n_failed} failed")
        if self.duration_s:
            rate = self.duration_s / max(1e-9, time.monotonic() - self._begun)
            share = 100 * self.speech_s / self.duration_s
            parts.append(f"{self.duration_s / 3600:.2f} h heard at {rate:.0f} × real time, {share:.0f} % speech")
        return ", ".join(parts)


class Batch:
    """Finds the speech of recordings.

    Args:
        hearing: with what.
        target: where segments go.
        posteriors: where posteriors go.
        sources: the recordings.
    """

    def __init__(
        self, hearing: Hearing, target: Target, posteriors: PosteriorTarget, sources: Sequence[Source]
    ) -> None:
        self._hearing, self._target, self._posteriors = hearing, target, posteriors
        self._sources = sources
        self._progress = Progress(sources)
        self._heard_bytes = 0.0
        self.totals = Totals()

    def run(self, *, n_jobs: int, resumes: bool, overwrites: bool, keeps_posteriors: bool) -> None:
        """Goes through the recordings; what is printed does not depend on how many processes do it.

        Args:
            n_jobs: processes. One is this one itself.
            resumes: whether recordings that are finished are passed over.
            overwrites: whether files that lie beside recordings already may be replaced.
            keeps_posteriors: whether what is printed needs them.
        """
        todo = [source for source in self._sources if not (resumes and self._is_finished(source))]
        self.totals.n_skipped = len(self._sources) - len(todo)
        if not overwrites:
            todo = [source for source in todo if not self._would_replace(source)]
        if len(todo) < len(self._sources):
            self._progress = Progress(todo)
        apart = [source for source in todo if not source.is_live]
        if n_jobs == 1 or len(apart) < 2:
            apart = []
        with self._side_by_side(apart, n_jobs, keeps_posteriors) as results:
            for source in todo:
                with self._naming_failures():
                    if source in apart:
                        self._print(*next(results))
                    else:
                        self._detect(source)
                self._progress.done()
        self._progress.clear()

    @contextlib.contextmanager
    def _side_by_side(
        self, sources: Sequence[Source], n_jobs: int, keeps_posteriors: bool
    ) -> Iterator[Iterator[tuple[Source, Result]]]:
        """Gives what processes find in recordings, in their order; they end with the block."""
        if not sources:
            yield iter(())
            return
        from vad.cli.workers import Task, detect_all

        hearing = self._hearing
        artifact = hearing.detector.artifact
        task = Task(artifact, hearing.rule, hearing.raw, hearing.channel, self._posteriors, keeps_posteriors)
        with contextlib.closing(detect_all(task, sources, n_jobs, self._progress.update)) as results:
            yield results

    def fail(self, problem: str) -> None:
        """Names what failed, and counts it."""
        self.totals.n_failed += 1
        self._progress.clear()
        click.echo(f"vad: {problem}", err=True)

    def _is_finished(self, source: Source) -> bool:
        return self._target.is_finished(source) and self._posteriors.is_finished(source)

    def _would_replace(self, source: Source) -> bool:
        """Says so when an output would replace what lies beside a recording, which then counts as failed."""
        for target in (self._target, self._posteriors):
            path = target.beside(source)
            if path is not None:
                self.fail(f"{path}: is there already; give --overwrite to replace it")
                return True
        return False

    @contextlib.contextmanager
    def _naming_failures(self) -> Iterator[None]:
        try:
            yield
        except (AudioError, FeatureError) as error:
            self.fail(str(error))

    def _detect(self, source: Source) -> None:
        """Listens to a recording here, and prints its segments as they are found."""
        counter = ByteCounter(source, self._add_bytes)
        speech_s = 0.0
        try:
            with self._target.recording(source) as printer, self._hearing.listen(source) as heard:
                with self._posteriors.writer(source) as write:
                    printer.begin(source.name, heard.recording.sample_rate)
                    for output in heard.outputs():
                        write(output.posteriors)
                        if output.segments:
                            speech_s += sum(segment.duration for segment in output.segments)
                            self._progress.clear()
                        printer.write(output.segments, output.posteriors)
                        counter.update(heard)
                self._progress.clear()
                printer.end(heard.duration_s)
        finally:
            counter.finish()
        self._count(source, heard.duration_s, speech_s)

    def _add_bytes(self, n_bytes: float) -> None:
        self._heard_bytes += n_bytes
        self._progress.update(self._heard_bytes)

    def _print(self, source: Source, result: Result) -> None:
        """Prints what a process found."""
        import numpy as np

        if result.error is not None:
            raise result.error
        self._progress.clear()
        posteriors = np.zeros(0, np.float32) if result.posteriors is None else result.posteriors
        with self._target.recording(source) as printer:
            printer.begin(source.name, result.sample_rate)
            printer.write(result.segments, posteriors)
            printer.end(result.duration_s)
        self._count(source, result.duration_s, sum(segment.duration for segment in result.segments))

    def _count(self, source: Source, duration_s: float, speech_s: float) -> None:
        self.totals.n_done += 1
        self.totals.duration_s += duration_s
        self.totals.speech_s += speech_s
        if not speech_s:
            click.echo(f"vad: {source.name}: no speech found", err=True)
