"""`vad detect`: the speech of recordings, in any format, on standard output or in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vad.cli.inputs import input_options
from vad.cli.rule_options import rule_options

if TYPE_CHECKING:
    from vad.cli.inputs import Hearing
    from vad.cli.outputs import Target
    from vad.cli.posterior_target import PosteriorTarget
    from vad.cli.printing import Style

# Named here too, so that `vad detect --help` loads no format; a test compares them.
_STYLES = ("table", "json", "jsonl", "csv", "rttm", "audacity", "textgrid", "srt", "vtt", "kaldi", "frames")
_UNITS = ("s", "ms", "samples")


@click.command()
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option(
    "-f",
    "--format",
    "style",
    type=click.Choice(_STYLES),
    default="table",
    show_default=True,
    help="How segments are written.",
)
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    metavar="PATH|DIR",
    help="File to write, or directory (there, or ending with a slash) for a file each; - is standard output.",
)
@click.option(
    "--unit",
    type=click.Choice(_UNITS),
    default="s",
    show_default=True,
    help="Of times in table, json, jsonl and csv; samples are the recording's own.",
)
@click.option("--posteriors", metavar="PATH|DIR", help="Write the probability of speech in each frame there too.")
@click.option(
    "--posteriors-format",
    type=click.Choice(["npy", "csv"]),
    show_default="by the suffix, npy in a directory",
    help="How they are written.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes at work; what is printed stays the same.",
)
@click.option("--resume", is_flag=True, help="Pass over recordings whose output is there and no older than they are.")
@click.option("--overwrite", is_flag=True, help="Let DIR replace files that lie beside their recordings already.")
@rule_options
@input_options
@click.pass_context
def command(ctx: click.Context, /, recordings: tuple[str, ...], **options: Any) -> None:
    """Find the speech in recordings.

    RECORDINGS are files, directories (searched in depth), quoted patterns such as 'data/**/*.flac', or - for standard
    input. Segments are written as soon as they are found. A recording that cannot be read is named on standard error
    and the others are still done; the exit status is then 1.
    """
    from vad.cli.apart import refuse_recordings
    from vad.cli.batch import Batch
    from vad.cli.inputs import Hearing, gather, output_stems
    from vad.cli.outputs import is_folder, open_target
    from vad.cli.posterior_target import PosteriorTarget
    from vad.cli.termination import clean_termination

    if options["resume"] and (options["output"] == "-" or not is_folder(options["output"])):
        raise click.UsageError("--resume needs --output DIR/, a directory with a file for each recording")
    if options["overwrite"] and not _needs_stems(options):
        raise click.UsageError("--overwrite goes with a directory as output; a file that is named is always replaced")
    hearing = Hearing.from_options(options)
    style = _style(hearing, options)
    sources, problems = gather(recordings)
    stems = output_stems(sources) if _needs_stems(options) else dict.fromkeys(sources, Path("-"))
    posteriors = PosteriorTarget.from_options(options, stems, style.grid)
    refuse_recordings((("--posteriors", path) for path in posteriors.paths.values()), sources)
    with clean_termination(), open_target(options["output"], style, stems) as target:
        _check_apart(target, posteriors, style)
        batch = Batch(hearing, target, posteriors, sources)
        for problem in problems:
            batch.fail(problem)
        needs_posteriors = options["style"] == "frames"
        batch.run(
            n_jobs=options["jobs"],
            resumes=options["resume"],
            overwrites=options["overwrite"],
            keeps_posteriors=needs_posteriors,
        )
    if len(sources) + len(problems) > 1:
        click.echo(f"vad: {batch.totals}", err=True)
    ctx.exit(1 if batch.totals.n_failed else 0)


def _style(hearing: Hearing, options: dict[str, Any]) -> Style:
    from vad import __version__
    from vad.cli.printing import Style
    from vad.formats import Provenance

    artifact = hearing.detector.artifact
    tool, model = f"vad {__version__}", Path(artifact.name).name
    provenance = Provenance(tool, model, artifact.digest, hearing.rule.to_dict())
    style = Style(options["style"], options["unit"], hearing.detector.metadata.features.grid, provenance)
    if options["unit"] != "s" and not style.takes_units:
        raise click.UsageError(
            f"--unit {options['unit']}: times in {style.name} have a unit of their own; table, json, jsonl, csv take it"
        )
    return style


def _needs_stems(options: dict[str, Any]) -> bool:
    from vad.cli.outputs import is_folder

    return any(path is not None and is_folder(path) for path in (options["output"], options["posteriors"]))


def _check_apart(target: Target, posteriors: PosteriorTarget, style: Style) -> None:
    """Refuses posteriors and segments in the same files."""
    for source, path in posteriors.paths.items():
        if target.is_path(source, path):
            raise click.UsageError(
                f"--posteriors and --output would both write {path}: name another directory or format"
            )
