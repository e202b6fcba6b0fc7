"""Configs: YAML files that extend each other, checked as a whole before any work begins."""

from vad.config.load import load_config
from vad.config.root import Config

__all__ = ["Config", "load_config"]
