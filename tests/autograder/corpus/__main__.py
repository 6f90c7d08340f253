"""python -m tests.autograder.corpus              grade the corpus, and write docs/grading.md
python -m tests.autograder.corpus NAME…        only these, and write their rows anew
python -m tests.autograder.corpus --stock NAME…   through nbgrader first (all: --stock alone)
python -m tests.autograder.corpus --thousand      with so many honest ones that they are 1,000"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from tests.autograder.corpus import ours, stock, table, thousand
from tests.autograder.corpus.cases import CASES


def main():
    parser = argparse.ArgumentParser(prog="corpus", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--stock", action="store_true", help="through nbgrader, into stock.json")
    parser.add_argument("--missing", action="store_true", help="only what stock.json lacks")
    parser.add_argument("--thousand", action="store_true", help="does anything grow, or stay?")
    args = parser.parse_args()
    unknown = set(args.names) - set(CASES)
    if unknown:
        sys.exit(f"corpus: there is no case {', '.join(sorted(unknown))}.")
    if args.thousand:
        return thousand.main(names=args.names)
    if args.stock:
        known = stock.kept()["outcomes"] if args.missing else {}
        todo = [name for name in args.names or CASES if name not in known]
        with ThreadPoolExecutor(2) as pool:
            for name, outcome in zip(todo, pool.map(stock.run, todo), strict=True):
                stock.keep(name, outcome)
                total = outcome["points"] and sum(x or 0 for x in outcome["points"].values())
                print(name, total, outcome["said"], *outcome["harm"], sep=" | ", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = ours.run(folder, args.names, say=tell)
    for name, came in found.came.items():
        why = ours.wrong(name, came)
        print("WRONG" if why else "right", name, f"{came.seconds:.1f} s", why)
    print(*found.harm, sep="\n")
    before = table.rows_of(table.PAGE.read_text("utf-8")) if args.names else {}
    if set(CASES) <= set(before) | set(found.came):
        text = table.page(stock.kept(), found.came, found.harm, before)
        table.PAGE.write_text(text, "utf-8")


def tell(outcome):
    print(
        ascii(outcome.submission.student), f"{outcome.seconds:.1f} s", *outcome.why[:1], flush=True
    )


if __name__ == "__main__":
    main()
