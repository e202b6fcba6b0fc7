"""From a trained run to a `.tflite` that LiteRT has proved against Keras, in float32 or smaller numbers."""

from __future__ import annotations

from vad.export.build import Choices, ExportReport, export, export_model, export_run
from vad.export.verify import Verification

__all__ = ["Choices", "ExportReport", "Verification", "export", "export_model", "export_run"]
