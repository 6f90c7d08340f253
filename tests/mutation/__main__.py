"""Three tables: which slips are caught, which named, which shown at their line."""

import argparse
import random
import sys
from collections import Counter

from tests.mutation.slips import slips
from tests.mutation.targets import TARGETS
from tests.mutation.verdicts import judge


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "--count", type=int, default=300, help="how many slips in all; 0: every one"
    )
    parser.add_argument("--optimizers", nargs="*", help="only these, by name")
    parser.add_argument(
        "--up-to",
        choices=("caught", "named", "line"),
        default="line",
        help="what is asked of each slip",
    )
    parser.add_argument("--seed", type=int, default=0, help="which slips, if not every one")
    parser.add_argument("--verbose", action="store_true", help="a line for each slip")
    options = parser.parse_args(arguments)
    wanted = options.optimizers or [target.name for target in TARGETS]
    unknown = set(wanted) - {target.name for target in TARGETS}
    if unknown:
        names = ", ".join(dict.fromkeys(target.name for target in TARGETS))
        print(f"There is no {', '.join(sorted(unknown))} here. There are: {names}.")
        return 2
    work = [(t, s) for t in TARGETS if t.name in wanted for s in slips(t.source)]
    if options.count and options.count < len(work):
        work = random.Random(options.seed).sample(work, options.count)
        work.sort(key=lambda pair: TARGETS.index(pair[0]))
    verdicts = []
    for number, (target, slip) in enumerate(work):
        verdict = judge(target, slip, number, up_to=options.up_to)
        verdicts.append(verdict)
        if options.verbose:
            print(line(verdict), flush=True)
    survivors = report(verdicts, searched=options.up_to == "line")
    return 1 if survivors else 0


def line(verdict):
    state = "survives" if not verdict.caught else "caught"
    state += ", named" if verdict.named else ""
    state += ", its line" if verdict.same_line else ", another line" if verdict.shown else ""
    slip = verdict.slip
    return (
        f"{verdict.target.name:16} {slip.line:3} {slip.kind:18} {slip.old[:60]} → {slip.new[:60]}: "
        f"{state} ({verdict.seconds:.1f} s) {verdict.edit[:150]!r}"
    )


def report(verdicts, searched):
    """Print the tables; returns the survivors that nobody has called equivalent."""
    from tests.mutation.equivalent import reason

    alike = [(v, reason(v)) for v in verdicts if not v.caught]
    excused = [(v, why) for v, why in alike if why]
    survivors = [v for v, why in alike if not why]
    print(f"\n{len(verdicts)} slips, {len(excused)} of them equivalent\n")
    head = f"{'':18} {'slips':>6} {'caught':>7} {'named':>6}"
    print(
        head + (f" {'shown':>6} {'its line':>9} {'median s':>9} {'worst s':>8}" if searched else "")
    )
    groups = list(dict.fromkeys(v.target.name for v in verdicts))
    for name in [*groups, "with a bank", "without a bank", "all"]:
        some = [v for v in verdicts if not any(v is e for e, _ in excused) and belongs(v, name)]
        print(row(name, some, searched))
    kinds = Counter(v.slip.kind for v in verdicts if v.caught)
    missed = Counter(v.slip.kind for v in verdicts if v.caught and not v.shown)
    if searched:
        print("\nnot shown, by kind of slip:")
        for kind, n in missed.most_common():
            print(f"  {kind:20} {n} of {kinds[kind]}")
    if excused:
        print("\nequivalent:")
        for why, n in Counter(why for _, why in excused).most_common():
            print(f"  {n:4} {why}")
    if survivors:
        print("\nsurvivors:")
        for v in survivors:
            print("  " + line(v))
    return survivors


def belongs(verdict, name):
    if name in ("with a bank", "without a bank"):
        return verdict.target.known == (name == "with a bank")
    return name in ("all", verdict.target.name)


def row(name, verdicts, searched):
    n = len(verdicts)
    caught = [v for v in verdicts if v.caught]

    def share(attribute):
        return f"{100 * sum(getattr(v, attribute) for v in caught) / max(len(caught), 1):.0f} %"

    text = f"{name:18} {n:6} {len(caught):7} {share('named'):>6}"
    if searched and caught:
        times = sorted(v.seconds for v in caught)
        text += f" {share('shown'):>6} {share('same_line'):>9}"
        text += f" {times[len(times) // 2]:9.2f} {times[-1]:8.2f}"
    return text


if __name__ == "__main__":
    sys.exit(main())
