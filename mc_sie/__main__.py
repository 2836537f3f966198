"""``python -m mc_sie`` and the ``mc-sie`` command."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType


class _Stopped(BaseException):
    """The user or the system asked the program to stop. Not a KeyboardInterrupt, which typer would swallow."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number


def _stop(signal_number: int, _: FrameType | None) -> None:
    signal.signal(signal_number, signal.SIG_DFL)  # asked a second time, stop at once
    raise _Stopped(signal_number)


def main() -> None:
    """Run the command line; exit 2 with a message for anything the user can put right, 130 when interrupted."""
    from mc_sie.cli import app
    from mc_sie.errors import EXIT_BAD_INPUT, McSieError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # blocks and accents, where the terminal has none
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except McSieError as error:
        print(f"mc-sie: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except _Stopped as stopped:
        left = getattr(stopped, "__notes__", ["nothing half-written is left"])
        print(f"mc-sie: interrupted; {'; '.join(left)}", file=sys.stderr)
        sys.exit(128 + stopped.signal_number)
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        print(f"mc-sie: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
