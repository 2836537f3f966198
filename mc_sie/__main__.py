"""``python -m mc_sie`` and the ``mc-sie`` command."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from pathlib import Path
from types import FrameType


class _Stopped(BaseException):
    """The user or the system asked the program to stop. Not a KeyboardInterrupt, which typer would swallow."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number


def _stop(signal_number: int, _: FrameType | None) -> None:
    signal.signal(signal_number, signal.SIG_DFL)  # asked a second time, stop at once
    raise _Stopped(signal_number)


def _open_closed_streams() -> None:
    """Give a standard stream that the caller has closed (``>&-``) to the null device.

    Everybody may then ask the stream what it is, and no file that is opened later takes its descriptor, into which
    libraries would go on to print.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # each takes the lowest free one
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (open to the end)


def _in_words(error: OSError) -> str:
    """The reason of a refusal by the operating system, with the file where it names one."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"reading or writing failed: {reason}"
    return f"{os.fsdecode(error.filename)}: {reason}"


def main() -> None:
    """Run the command line; exit 2 with a message for anything the user can put right, 130 when interrupted."""
    _open_closed_streams()
    from mc_sie.cli import app
    from mc_sie.cli.app import message_of
    from mc_sie.errors import EXIT_BAD_INPUT, McSieError
    from mc_sie.text.escaping import visible

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # blocks and accents, where the terminal has none
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except McSieError as error:
        print(f"mc-sie: {visible(message_of(error))}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except _Stopped as stopped:
        left = getattr(stopped, "__notes__", ["nothing half-written is left"])
        print(f"mc-sie: interrupted; {visible('; '.join(left))}", file=sys.stderr)
        sys.exit(128 + stopped.signal_number)
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        print(f"mc-sie: {visible(_in_words(error))}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)


if __name__ == "__main__":
    main()
