"""How long each lecture and each solution takes, from kernel start to the last cell."""

import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent


def main():
    total = 0
    for path in sorted([*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")]):
        nb = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            client = NotebookClient(nb, timeout=600, resources={"metadata": {"path": folder}})
            start = time.perf_counter()
            client.execute()
        took = time.perf_counter() - start
        total += took
        print(f"{took:6.1f} s  {path.relative_to(ROOT)}", flush=True)
    print(f"{total:6.1f} s  all together")


if __name__ == "__main__":
    main()
