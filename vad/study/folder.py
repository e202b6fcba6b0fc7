"""The folder of a study: its config, one file for each trial, figures."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vad.config import Config, StudyConfig, load_config
from vad.errors import ConfigError, ModelError
from vad.files import replacing
from vad.study.results import (
    FreshResult,
    MemoryResult,
    MemoryTrial,
    SpeechResult,
    SpeechTrial,
    SpeedResult,
    read_result,
)
from vad.training.run_dir import differing_keys

_LISTED: Final = 8
# What may change between two runs of one study: trials stand each by itself, and more of them only add to it.
_FREE: Final = ("name", "seeds", "variants", "speed")


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """Names of the files of a study, and their contents.

    Args:
        path: the folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The resolved configs of the study and of its trainings on speech."""
        return self.path / "study.json"

    @property
    def speed(self) -> Path:
        """What the variants cost."""
        return self.path / "speed.json"

    @property
    def summary(self) -> Path:
        """The tables of the study."""
        return self.path / "summary.md"

    @property
    def figures(self) -> Path:
        """The folder of its figures."""
        return self.path / "figures"

    def load(self) -> StudyConfig:
        """Returns the config of the study that is here.

        Raises:
            ModelError: there is none of this version.
        """
        return StudyConfig.model_validate(self._stored()["study"])

    def memory(self, trial: MemoryTrial) -> MemoryResult | None:
        """Returns the result of a trial; None where it has not been run."""
        return read_result(self.path / trial.file, MemoryResult)

    def fresh(self, trial: MemoryTrial) -> FreshResult | None:
        """Returns what the network of a trial was like before training; None where that has not been measured."""
        return read_result(self.path / trial.fresh_file, FreshResult)

    def speech(self, trial: SpeechTrial) -> SpeechResult | None:
        """Returns the result of a trial; None where it has not been run."""
        return read_result(self.path / trial.file, SpeechResult)

    def speeds(self) -> SpeedResult | None:
        """Returns what the variants cost; None where that has not been measured."""
        return read_result(self.speed, SpeedResult)

    def write_summary(self, text: str) -> None:
        """Writes the tables."""
        with replacing(self.summary) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def open(self, study: StudyConfig, base: Config, *, resume: bool, overwrite: bool) -> None:
        """Makes the folder and stores the configs in it, or goes back to a study that is there.

        Args:
            study: the study to come.
            base: config of its trainings on speech.
            resume: go on with what is there. Seeds, variants and how speed is measured may be others than before.
            overwrite: throw away what is there.

        Raises:
            ModelError: there is a study already, and neither was asked for; or the folder is something else.
            ConfigError: the study to resume had another config.
        """
        given = {"study": study.model_dump(mode="json"), "speech": base.model_dump(mode="json")}
        if self.path.exists() and not self.path.is_dir():
            raise ModelError(f"{self.path}: a study needs a folder, and this is a file; choose another with -o")
        if self.config.exists() and overwrite:
            self._clear()
        elif self.config.exists():
            if not resume:
                raise ModelError(
                    f"{self.path}: a study is here already; go on with it by --resume, replace it by --overwrite, or "
                    "choose another folder with -o"
                )
            self._check(given)
        elif self.path.exists() and any(self.path.iterdir()):
            raise ModelError(f"{self.path}: there are files here but no study (no study.json); choose another with -o")
        with replacing(self.config) as temporary:
            temporary.write_text(json.dumps(given, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def _check(self, given: dict[str, Any]) -> None:
        changed = [line for line in differing_keys(self._stored(), given) if not line.startswith(_PREFIXES)]
        if changed:
            more = f" and {len(changed) - _LISTED} more" if len(changed) > _LISTED else ""
            raise ConfigError(
                f"{self.path}: --resume needs the config of the study, and these keys differ: "
                f"{'; '.join(changed[:_LISTED])}{more}; give the same config, or --overwrite"
            )

    def _stored(self) -> dict[str, Any]:
        try:
            stored: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.config}: cannot be read ({error}); start again with --overwrite") from None
        return stored

    def _clear(self) -> None:
        """Removes what a study writes, so that notes beside it survive."""
        for folder in (self.path / "trials", self.figures):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.speed, self.summary, self.config):
            file.unlink(missing_ok=True)


_PREFIXES: Final = tuple(f"study.{key}{end}" for key in _FREE for end in (":", "."))


def load_base(study: StudyConfig) -> Config:
    """Returns the config of the trainings on speech.

    Raises:
        ConfigError: it cannot be read.
    """
    return load_config(study.speech.config)
