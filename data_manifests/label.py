"""Labels the speech that is trained on in the manifests of this folder, as `vad data label --relabel` does.

    VAD_DATA_HOME=… python data_manifests/label.py [MODEL]

Rows of kind speech and split train get the segments of energy where MODEL, else the packaged model, hears speech. Those
of the other splits stay without labels: what judges a model must not come from one.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from vad.artifact import load_artifact
from vad.data.relabel import METHODS, Labeller, label_clips, wanted
from vad.errors import ManifestError
from vad.manifests import data_home, read_manifests, resolve, write_manifest


def label(manifest: Path, labeller: Labeller) -> int:
    """Writes a manifest anew with labels; returns how many rows have been labelled.

    Raises:
        ManifestError: audio is missing or cannot be read; the manifest is then as it was.
    """
    rows = read_manifests([str(manifest)])
    todo = [i for i, row in enumerate(rows) if row.split == "train" and wanted(row, again=True)]
    clips = [clip for clip in (resolve(rows[i], data_home()) for i in todo) if clip is not None]
    if len(clips) < len(todo):
        raise ManifestError(
            f"{manifest}: {len(todo) - len(clips)} recordings are not there; `vad data fetch` brings them"
        )
    for outcome in label_clips(clips, labeller, jobs=2):
        if outcome.speech is None:
            raise ManifestError(f"{manifest}: {outcome.problem}")
        index = todo[outcome.index]
        rows[index] = replace(rows[index], speech=outcome.speech, label_source=METHODS[labeller.method])
    if todo:
        write_manifest(manifest, rows)
    return len(todo)


if __name__ == "__main__":
    model = load_artifact(Path(sys.argv[1])) if len(sys.argv) > 1 else None
    for path in sorted(Path(__file__).parent.glob("*.jsonl.gz")):
        count = label(path, Labeller("both", artifact=model))
        if count:
            print(f"{path.name}: {count} rows labelled", flush=True)
