"""A study of recurrent cells: the same data, the same budget, several seeds, on speech and on memory itself."""

from vad.study.figures import write_figures
from vad.study.folder import StudyFolder, load_base
from vad.study.run import run_study, select, use_one_thread
from vad.study.summary import Summary, summarize
from vad.study.tables import tables, to_markdown

__all__ = [
    "StudyFolder",
    "Summary",
    "load_base",
    "run_study",
    "select",
    "summarize",
    "tables",
    "to_markdown",
    "use_one_thread",
    "write_figures",
]
