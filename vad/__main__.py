"""``python -m vad`` is ``vad``."""

from vad.cli import main

if __name__ == "__main__":
    main(prog_name="vad")
