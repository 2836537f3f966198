"""``python -m mc_sie`` and the ``mc-sie`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit 2 with a message for anything the user can put right, 130 when interrupted."""
    from mc_sie.cli import app
    from mc_sie.errors import EXIT_BAD_INPUT, McSieError

    try:
        app()
    except McSieError as error:
        print(f"mc-sie: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        print("mc-sie: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
