"""Every figure of the model card anew: all pages that it quotes, then its tables out of them.

    VAD_DATA_HOME=... python benchmarks/card.py            # a quarter of an hour of scoring
    python benchmarks/card.py --quote                      # only the tables, out of the pages as they are

A table of `vad/weights/MODEL_CARD.md` stands between ``<!-- conditions -->`` (or another name of `TABLES`) and
``<!-- end -->``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
from accuracy import HERE, table

from vad.files import replacing

CARD = HERE.parent / "vad" / "weights" / "MODEL_CARD.md"
PAGES = {
    "accuracy": ["accuracy.py"],
    "accuracy-test": ["accuracy.py", "--split", "test"],
    "conditions": ["conditions.py"],
    "false_alarms": ["false_alarms.py"],
    "trade_off": ["trade_off.py"],
    "decision": ["decision.py"],
    "drift": ["drift.py"],
    "absence": ["absence.py"],
    "steady": ["steady.py"],
}
ENGINES = ("vad", "Silero 6.2", "WebRTC")
AUC, F1 = "ROC-AUC", "F1 at the engine's own threshold"
COUNT, SECONDS = "False alarms (segments) per hour of non-speech", "Seconds of them per hour of non-speech"
Page = dict[str, dict[str, list[float]]]

# Heading of a row, page, condition.
CONDITIONS = [
    ("hand labels (4.9 min: meetings, sentences)", "accuracy", "labelled"),
    ("clean", "accuracy", "clean"),
    ("noise, 20 dB", "accuracy", "noise-20"),
    ("noise, 10 dB", "accuracy", "noise-10"),
    ("noise, 5 dB", "accuracy", "noise-5"),
    ("noise, 0 dB", "accuracy", "noise-0"),
    ("music, 10 dB", "accuracy", "music-10"),
    ("music, 0 dB", "accuracy", "music-0"),
    ("telephone", "accuracy", "telephone"),
    ("rooms", "accuracy", "room"),
    ("all", "accuracy", "all"),
    ("test split, all", "accuracy-test", "all"),
]
LACKING = [
    ("hand labels: sentences (phones)", "conditions", "sentences"),
    ("hand labels: meetings (turns)", "conditions", "meetings"),
    ("pitch and formants of a child: 1.25 times as fast", "conditions", "child-1.25"),
    ("1.4 times as fast", "conditions", "child-1.4"),
    ("whispered", "conditions", "whispered"),
    ("shouted", "conditions", "shouted"),
    ("30 dB quieter", "conditions", "quiet-30"),
    ("45 dB quieter", "conditions", "quiet-45"),
    ("far, the direct sound below its reverberation", "conditions", "far"),
    ("languages never trained on: Asturian", "conditions", "language-ast"),
    ("Danish", "conditions", "language-da"),
    ("Thai", "conditions", "language-th"),
]
ALARMS = [
    ("noise (61 min)", "false_alarms", "noise"),
    ("music (28 min)", "false_alarms", "music"),
    ("coughs, laughs, breath (4 min)", "false_alarms", "nonverbal"),
    ("crowds (1 min)", "false_alarms", "babble"),
    ("all", "false_alarms", "all"),
]
# A table by its name in the card: heading of the first column, rows, measures with the word for each, digits.
TABLES = {
    "conditions": ("condition", CONDITIONS, {"ROC-AUC": AUC, "F1": F1}, 3),
    "lacking": ("condition", LACKING, {"ROC-AUC": AUC}, 3),
    "alarms": ("an hour of", ALARMS, {"false alarms": COUNT, "seconds": SECONDS}, 0),
}


@click.command()
@click.option("--quote", is_flag=True, help="Score nothing: take the pages as they are.")
def main(quote: bool) -> None:
    """Scores, writes the pages, and puts the tables of the card anew."""
    for name, command in {} if quote else PAGES.items():
        click.echo(" ".join(command), err=True)
        script, *options = command
        subprocess.run([sys.executable, HERE / script, *options, "--output", HERE / f"{name}.md"], check=True)
    with replacing(CARD) as temporary:
        temporary.write_text(quoted(CARD.read_text(encoding="utf-8")), encoding="utf-8")


def quoted(card: str) -> str:
    """Returns the card with its tables made anew out of the pages.

    Raises:
        ClickException: when a table has no place in it.
    """
    pages = {name: read(HERE / f"{name}.md") for name in PAGES}
    for name, (first, rows, measures, digits) in TABLES.items():
        lines = []
        for title, page, condition in rows:
            values = [pages[page][measure][condition][: len(ENGINES)] for measure in measures.values()]
            lines.append([title, *(cell for each in values for cell in _cells(each, digits))])
        made = table([first, *(head for word in measures for head in (word, *ENGINES[1:]))], lines)
        begin, end = f"<!-- {name} -->", "<!-- end -->"
        before, mark, rest = card.partition(begin)
        _, closed, after = rest.partition(end)
        if not (mark and closed):
            raise click.ClickException(f"{CARD.name}: there is no {begin} before an {end}")
        card = "\n".join([before + begin, *made, end + after])
    return card


def read(path: Path) -> Page:
    """Reads the overviews of a page: by heading and condition, one value for each engine, NaN where there is none."""
    found: Page = {}
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith("| ---"):
            condition, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            values = [_number(cell) for cell in cells]
            found.setdefault(heading, {})[condition] = values
    return found


def _number(cell: str) -> float:
    first = cell.split(" ", maxsplit=1)[0]
    return float(first) if re.fullmatch(r"-?\d+(\.\d+)?", first) else float("nan")


def _cells(values: list[float], digits: int) -> list[str]:
    """Returns what stands in the cells, the best in bold: the largest share, the smallest count."""
    best = max(values) if digits else min(values)
    return [f"**{value:.{digits}f}**" if value == best else f"{value:.{digits}f}" for value in values]


if __name__ == "__main__":
    main()
