"""Run one of the generators: python -m tests.fuzz NAME --count 100000 --seed 1"""

import argparse
import importlib
import sys
import time
from pathlib import Path

NAMES = sorted(
    path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
)

parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("name", choices=NAMES)
parser.add_argument("--count", type=int, default=10_000)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
start = time.process_time()
done = importlib.import_module(f"tests.fuzz.{args.name}").run(args.count, args.seed)
print(f"{args.name}: {done or args.count} cases, {time.process_time() - start:.0f} s of CPU")
sys.exit(0)
