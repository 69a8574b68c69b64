"""`talking-avatar`: the terminal command. Each sub-command is a file of this room with `add_parser` and `run`."""
from __future__ import annotations

import argparse
import signal
import sys

from .. import __version__
from ..host.errors import Cancelled, TalkingAvatarError
from ..host.heaps import share_heaps
from . import demo, doctor, models, render, score, voice


def main(words: list[str] | None = None) -> int:
    """Run the command line `words` (sys.argv without the program's name). Returns the exit code: 0 done, 2 bad input,
    3 a model is missing, 4 the result cannot be written, 5 a voice server fails, 130 stopped by the user, 1 anything else."""
    parser = argparse.ArgumentParser(prog="talking-avatar", description="A photo or film of a person, plus speech, becomes a talking film.")
    parser.add_argument("--version", action="version", version=f"talking-avatar {__version__}")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (render, voice, score, models, doctor, demo):
        room.add_parser(commands)
    words = sys.argv[1:] if words is None else words
    chosen = parser.parse_args(words)
    share_heaps()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return chosen.run(chosen)
    except (KeyboardInterrupt, Cancelled):
        return _say("stopped; nothing was written.", Cancelled.exit_code)
    except TalkingAvatarError as error:
        if chosen.debug:
            raise
        return _say(str(error), error.exit_code)
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"talking-avatar: {sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
