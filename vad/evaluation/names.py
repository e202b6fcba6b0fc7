"""What the measures are called in tables, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vad.evaluation.report import Estimate

__all__ = ["MEASURES", "estimate_to_text"]

MEASURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "roc_auc": "ROC-AUC",
        "average_precision": "average precision",
        "f1": "F1 at the threshold",
        "best_f1": "F1 at best",
        "eer": "equal error rate",
        "dcf": "DCF at the threshold",
        "min_dcf": "DCF at best",
        "miss_rate": "miss rate",
        "false_alarm_rate": "false alarm rate",
        "tpr_at_fpr_05": "TPR at 5 % FPR",
        "far_at_frr_01": "FAR at 1 % FRR",
        "calibration_error": "calibration error",
        "detection_error_rate": "detection error rate",
        "false_alarms_per_hour": "false alarms / hour",
        "false_alarm_s_per_hour": "false alarm s / hour",
        "onset_delay_p50_s": "onset delay P50, s",
        "onset_delay_p95_s": "onset delay P95, s",
        "onsets_missed": "onsets missed",
        "offset_delay_p50_s": "offset delay P50, s",
        "offset_delay_p95_s": "offset delay P95, s",
        "offsets_missed": "offsets missed",
        "pauses_found": "pauses found",
        "best_shift_s": "best shift, s",
        "best_shift_roc_auc": "ROC-AUC at best shift",
    }
)
"""The measures that tables show, in order; JSON has every measure."""


def estimate_to_text(estimate: Estimate, measure: str) -> str:
    """Returns an estimate with its interval in square brackets, or ``-`` where it has no meaning."""
    digits = 1 if measure.endswith("_per_hour") else 3
    if not math.isfinite(estimate.value):
        return "-"
    text = f"{estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None or not math.isfinite(estimate.low):
        return text
    return f"{text} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"
