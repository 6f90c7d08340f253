"""The command line:    autograder --help"""

import os
import sys

from autograder.course import Course, Trouble, said
from autograder.options import HELP, parser

__all__ = ["HELP", "main"]

KEPT = {
    "grade": "What was graded is in the gradebook; run it again to go on.",
    "demo": "What was graded is kept; `autograder demo --keep` goes on.",
    "collect": "What was taken in is kept, each submission whole; run it again to go on.",
    "feedback": "The pages that were written are whole; run it again for the rest.",
    "release": "Each file is either the old one or the new one, whole; run it again.",
}


def main(argv=None):
    """Run one command; returns the exit status, 0 only if all went well."""
    args = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a sign shows a ?
        if hasattr(stream, "reconfigure"):  # not where a test listens
            stream.reconfigure(errors="replace")
    try:
        from autograder import commands

        course = Course.around(args.course or os.getcwd())
        return getattr(commands, args.command)(course, args)
    except Trouble as why:
        print(f"autograder: {why}", file=sys.stderr)
    except KeyboardInterrupt:
        kept = KEPT.get(args.command, "Nothing was changed.")
        print(f"\nautograder: stopped. {kept}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # autograder report | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ModuleNotFoundError as error:
        print(f"autograder: {error.name} is not installed: run `make set-up`.", file=sys.stderr)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"autograder: {name}{error.strerror or error}.", file=sys.stderr)
    except Exception as error:  # a mistake of ours; one sentence even so
        if os.environ.get("AUTOGRADER_DEBUG"):
            raise
        text = f"{type(error).__name__}: {said(error)}"
        print(
            f"autograder: {text}. This should not happen: please report it, with what "
            "AUTOGRADER_DEBUG=1 shows.",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())
