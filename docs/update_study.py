"""Puts the tables and figures of a study into its page.

    vad study configs/study/variants.yaml && python docs/update_study.py runs/variants [--page docs/variants.md]

A table stands between a line that names it and a line that ends it; what people wrote around them stays. Figures go
beside the page, into images/.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from vad.files import replacing
from vad.study import StudyFolder, summarize, tables, write_figures

DOCS = Path(__file__).resolve().parent


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), default=DOCS / "variants.md")
@click.option("--seed", "seeds", type=int, multiple=True, help="Show this seed alone; repeatable.")
def main(run_dir: Path, page: Path, seeds: tuple[int, ...]) -> None:
    """Brings the page up to date with the study in RUN_DIR.

    Of a study that is under way, name the seeds that all variants are through with.
    """
    folder = StudyFolder(run_dir)
    study = folder.load()
    summary = summarize(study.model_copy(update={"seeds": seeds}) if seeds else study, folder)
    text = page.read_text(encoding="utf-8")
    for name, table in tables(summary).items():
        text = with_table(text, name, table)
    with replacing(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
    for path in write_figures(summary, page.parent / "images"):
        click.echo(path, err=True)


def with_table(text: str, name: str, table: str) -> str:
    """Returns a page with another table between the marks of a name, where it has them."""
    marks = re.compile(rf"(<!-- study: {name} -->\n).*?(<!-- end of {name} -->\n)", re.DOTALL)
    return marks.sub(lambda found: f"{found[1]}{table}{found[2]}", text)


if __name__ == "__main__":
    main()
