"""Measure, side by side in one run: machines are shared and noisy, ratios are not.

python -m benchmarks [NAME…]
"""

import argparse
import importlib
import sys
from pathlib import Path

NAMES = sorted(f.stem for f in Path(__file__).parent.glob("[!_]*.py"))


def main():
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(NAMES)}")
    names = parser.parse_args().names
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"benchmarks: there is no {', '.join(sorted(unknown))}; take {', '.join(NAMES)}.")
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n{name}: {module.__doc__.splitlines()[0]}", flush=True)
        module.main()


if __name__ == "__main__":
    main()
