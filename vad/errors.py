"""The exception tree: everything this package raises on purpose.

    VadError
    ├─ ConfigError(ValueError)      a config file or an option: file, dotted key, expected, received
    ├─ ManifestError(ValueError)    a manifest row: file:line, field, recording id
    ├─ AudioError                   a recording: path, what the decoder said
    ├─ FeatureError(ValueError)     frames and features
    │  ├─ ShapeError
    │  ├─ NonFiniteError
    │  └─ FingerprintError          features made by another front-end
    ├─ ModelError                   an artifact or a run: wanted, found
    ├─ TrainingInterrupted          a training stopped by a signal; it can be resumed
    └─ MissingDependencyError(ImportError)   the exact install line

Messages are one line a problem: the place, the rule, the value received, the remedy. The library raises; only
the command line prints.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

# A file of another kind has as many problems as lines.
_SHOWN_PROBLEMS = 20


class VadError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(VadError, ValueError):
    """A config file, an option or a combination of options that cannot act."""


class ManifestError(VadError, ValueError):
    """A manifest that breaks its format; the message holds one line per problem."""


class AudioError(VadError):
    """A recording that cannot be read."""


class FeatureError(VadError, ValueError):
    """Frames or features that break a rule of the front-end."""


class ShapeError(FeatureError):
    """An array of another shape or dtype than stated."""


class NonFiniteError(FeatureError):
    """NaN or infinity where numbers are expected."""


class FingerprintError(FeatureError):
    """Features, shards or a model made by another front-end than the one in use."""


class ModelError(VadError):
    """An artifact or a run directory that cannot be used."""


class TrainingInterrupted(VadError):
    """A training that a signal stopped; everything is saved, and it can be resumed."""


class MissingDependencyError(VadError, ImportError):
    """An optional package is needed and absent.

    Args:
        package: the missing package, as it is installed.
        install: the command line that installs it.
        purpose: what needs it, for the head of the message.
    """

    def __init__(self, package: str, *, install: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}, which is not installed: {install}")
        self.package = package


def extra_line(extra: str) -> str:
    """Returns the command line that installs an extra of this package, such as ``train``."""
    return f"pip install 'lstm-vad[{extra}]'"


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Returns " (did you mean 'x'?)" for the valid name closest to `name`, or the empty string."""
    close = difflib.get_close_matches(name, list(valid), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def cannot_write(path: object, error: Exception) -> VadError:
    """Returns what is said of an output that cannot be written, everywhere in the same words.

    Args:
        path: what was to be written.
        error: what the system, or the library that writes, says about it.
    """
    reason = getattr(error, "strerror", None)
    return VadError(f"cannot write {path}: {error if reason is None else reason}")


def one_a_line(problems: Sequence[str], remedy: str, place: str = "") -> str:
    """Returns the first twenty problems, one a line, and one line that counts those left out.

    Args:
        problems: any number of them, in the order to show.
        remedy: what to do about those left out.
        place: what they are all in, where there is one such.
    """
    more = len(problems) - _SHOWN_PROBLEMS
    last = [f"{place}{': ' if place else ''}{more} more problems; {remedy}"] if more > 0 else []
    return "\n".join([*problems[:_SHOWN_PROBLEMS], *last])
