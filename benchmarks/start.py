"""What `import utils.optim` adds to torch's own import, in fresh processes taking turns."""

import statistics
import subprocess
import sys


def seconds(what):
    code = f"import time; t = time.perf_counter(); {what}; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(rounds=7):
    turns = [(seconds("import torch"), seconds("import torch, utils.optim")) for _ in range(rounds)]
    torch, both = (statistics.median(column) for column in zip(*turns, strict=True))
    added = statistics.median(b - a for a, b in turns)
    print(f"import torch {torch:.2f} s, with utils.optim {both:.2f} s: {added:+.3f} s")


if __name__ == "__main__":
    main()
