"""Where ``--posteriors`` go: nowhere, a file, or a directory with one file a recording."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vad.cli.inputs import Source
    from vad.frames import FrameGrid


@dataclass(frozen=True)
class PosteriorTarget:
    """Writes the posteriors of recordings.

    Args:
        paths: the file of each recording; none where they are not wanted.
        format: of the files.
        grid: where the frames lie.
        is_folder: whether a directory was named, and not the files themselves.
    """

    paths: Mapping[Source, Path]
    format: str
    grid: FrameGrid
    is_folder: bool = False

    @classmethod
    def from_options(
        cls, options: dict[str, Any], stems: Mapping[Source, PurePath], grid: FrameGrid
    ) -> PosteriorTarget:
        """Reads ``--posteriors`` and ``--posteriors-format``.

        Raises:
            click.UsageError: when one file is named for several recordings, or a format without a place.
        """
        from vad.cli.outputs import add_suffix, is_folder
        from vad.posteriors import POSTERIOR_FORMATS

        path, kind = options["posteriors"], options["posteriors_format"]
        if path is None:
            if kind is not None:
                raise click.UsageError("--posteriors-format needs --posteriors, which says where they go")
            return cls({}, "", grid)
        if is_folder(path):
            kind = "npy" if kind is None else kind
            files = {source: add_suffix(Path(path) / stem, f".{kind}") for source, stem in stems.items()}
            return cls(files, kind, grid, is_folder=True)
        if len(stems) > 1:
            raise click.UsageError(
                f"--posteriors {path} is one file, and here are {len(stems)} recordings: name a directory with a slash "
                "at its end"
            )
        suffix = Path(path).suffix.lower().lstrip(".")
        if kind is None and suffix not in POSTERIOR_FORMATS:
            raise click.UsageError(
                f"--posteriors {path}: .npy or .csv says how they are written; otherwise --posteriors-format does"
            )
        return cls(dict.fromkeys(stems, Path(path)), suffix if kind is None else kind, grid)

    def is_finished(self, source: Source) -> bool:
        """Whether a recording's posteriors are there, or not wanted."""
        from vad.cli.outputs import is_newer

        return source not in self.paths or is_newer(self.paths[source], source)

    def beside(self, source: Source) -> Path | None:
        """Returns the recording's file when it is there already, in the recording's own folder, unnamed."""
        from vad.cli.outputs import is_beside

        return self.paths[source] if self.is_folder and is_beside(self.paths[source], source) else None

    @contextlib.contextmanager
    def writer(self, source: Source) -> Iterator[Callable[[Any], None]]:
        """Gives a function that takes the posteriors of a recording; its file appears when the block ends well."""
        if source not in self.paths:
            yield lambda posteriors: None
            return
        from vad.files import writing
        from vad.posteriors import write_posteriors

        path = self.paths[source]
        with writing(path), write_posteriors(path, self.grid, format=self.format) as writer:
            yield writer.write
