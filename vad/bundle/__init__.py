"""What a mobile developer needs, in one folder: the model, its `vad.json`, and code for Android, iOS, C and the web.

The code lies beside this file as it is handed out, one folder per platform; `write_bundle` copies it, puts the model
where each platform looks for it, and fills in the few places that depend on the model.
"""

from __future__ import annotations

from vad.bundle.write import PLATFORMS, BundleReport, write_bundle

__all__ = ["PLATFORMS", "BundleReport", "write_bundle"]
