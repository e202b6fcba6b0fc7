"""Configs: YAML files that extend each other, checked as a whole before any work begins."""

from vad.config.load import load_config, read_config
from vad.config.root import Config
from vad.config.study import StudyConfig

__all__ = ["Config", "StudyConfig", "load_config", "read_config"]
