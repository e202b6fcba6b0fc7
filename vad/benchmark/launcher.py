"""Runs a command and tells, as JSON, what it took: ``python launcher.py COMMAND…``.

A small program of its own, for Linux counts the memory of whoever starts a process into the peak of that process. It
imports nothing but the standard library, and is run by its path.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> int:
    """Runs the command of the command line, prints its measurements and returns its exit status."""
    begun = time.perf_counter()
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL) as process:
        cpu_s = peak_bytes = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu_s = usage.ru_utime + usage.ru_stime
            # The unit is a byte on macOS, a kilobyte elsewhere.
            peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        else:
            process.wait()
    print(json.dumps({"wall_s": time.perf_counter() - begun, "cpu_s": cpu_s, "peak_bytes": peak_bytes}))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
