"""Things in a submission that an instructor should know of. They change no score.

These flags protect nothing: that is the work of the sandbox and the bridge. What is hidden well is
not found here. What is found here is seldom part of an honest answer.
"""

import ast
import symtable

from autograder.intake.parse import defined
from autograder.intake.static_checks import (
    WAYS_OUT,
    Names,
    fetches,
    implementation,
    is_public_optimizer,
    loose,
    of_course,
    patched,
    walk,
)
from autograder.intake.syntax import SHELL, Opaque, Patience, of_master, trees
from autograder.model import ANSWER, FREE, Flag

ALIKE = 3  # lines of a hidden test that nobody writes by chance
CHECKS = ("utils.check", "utils.soundness", "utils.race")


def look_through(cells, master):
    """Flags for the student's code in a sheet, one for each kind of thing in each cell.

    Seen: implementations of torch.optim in an answer, also by a name that another cell gave them,
    and what of utils/ it is compared with; the shell; ways out of the notebook (frames,
    `__main__`, processes, sockets, …); what belongs to torch or the checks overwritten; the text
    of hidden tests.
    """
    names, flags, views = Names(), [], []
    answers = {one for cell in master.cells if cell.role == ANSWER for one in defined(cell.source)}
    patience = Patience()
    for cell in cells:
        mine = cell.origin == "student" and cell.role in (ANSWER, FREE)
        if cell.kind != "code":
            continue
        try:
            theirs = cell.origin == "student"
            found, magics = trees(cell.source, patience) if theirs else of_master(cell.source)
        except Opaque:
            found, magics = [], []
            flags += [flag("cannot be looked through", cell, "is too long or too deep")] * mine
        for tree in found:
            names.learn(tree)
        if mine:
            views += [(cell, tree) for tree in found]
            flags += [*shell(cell, magics), *seen_hidden(cell, master)]
    for cell, tree in views:
        flags += reaching(cell, tree, names)
        flags += overwritten(cell, tree, names, answers)
    own = {name for _, tree in views for name, _ in bindings(tree)}
    for kind, find in (
        ("torch.optim used", lambda tree: implementation(tree, names)),
        ("reference used", lambda tree: references(tree, names, master, own)),
    ):
        lent: dict[str, tuple[str, str]] = {}
        for cell, tree in views:
            lent |= lending(cell, tree, find, lent, answers)
        for cell, tree in views:
            flags += done_for_them(kind, cell, tree, find, lent, answers)
    return gathered(flags)


def flag(kind, cell, what):
    """A finding: kind, where, what; `gathered` makes a Flag of those that belong together."""
    return (
        kind,
        f"The {f'answer {cell.grade_id}' if cell.role == ANSWER else f'cell {cell.id}'}",
        what,
    )


def gathered(findings, most=3):
    """One Flag for each kind and cell."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for kind, where, what in findings:
        groups.setdefault((kind, where), dict.fromkeys([what])).setdefault(what)
    flags = []
    for (kind, where), found in groups.items():
        *first, last = list(found)[:most] if len(found) <= most else [*list(found)[:most], ""]
        last = last or f"does {len(found) - most} more things of the kind"
        flags.append(Flag(kind, f"{where} {', '.join(first)}{' and ' * bool(first)}{last}."))
    return flags


# what takes an answer's work away


def references(tree, names, master, own):
    """What of utils/ the exercise leaves to its tests, unless the student has one of that name."""
    parts = [tree]
    if isinstance(tree, ast.Call):  # what it gives is no such thing, what it is given may be
        parts = [*tree.args, *(word.value for word in tree.keywords)]
    found = dict.fromkeys(path for part in parts for path in of_course(part, names))
    known = master.references - {path for path in found if path.split(".")[2] in own}
    return [path for path in found if path in known and not path.startswith(CHECKS)]


def done_for_them(kind, cell, tree, find, lent, answers):
    """An answer that uses what it should be itself, or another cell that makes this the answer.

    find: tree → paths of such things.
    """
    if cell.role == ANSWER:
        paths, compared = mentioned(tree, find, answers)
        for path in paths:
            yield flag(kind, cell, f"mentions {path}")
        used = globals_read(tree) & set(lent) if lent and not paths else set()
        if compared and not paths:
            mine = {name for name, (_, where) in lent.items() if where == cell.id}
            used |= {name for name in mine if read_by_definitions(tree, name)}
        for name in sorted(used):
            path, where = lent[name]
            if where != cell.id or compared:
                yield flag(kind, cell, f"uses `{name}`, in which there is {path}")
    for name, part in bindings(tree):
        if name in answers and cell.role == FREE:
            for path in find(part):
                yield flag(kind, cell, f"makes {name} of {path}")


def mentioned(tree, find, answers):
    """(paths of such things in an answer's cell, was one only compared with?)

    To import torch's SGD, or to make and run one beside the answer, is to compare: no path of that.
    """
    if not isinstance(tree, ast.Module):
        return find(tree), False
    paths: dict[str, None] = {}
    compared = False
    for statement in tree.body:
        found = find(ast.Module([statement], []))
        theirs = [
            path for path in found if compares(statement, answers) and is_public_optimizer(path)
        ]
        compared |= bool(theirs)
        paths |= dict.fromkeys(path for path in found if path not in theirs)
    return list(paths), compared


def compares(statement, answers):
    """Is this a statement in which nothing of an answer is made?"""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        names = {one for one, _ in bindings(ast.Module([statement], []))}
        called = isinstance(statement.value, ast.Call) and not fetches(statement.value)
        return called and bool(names) and not names & answers
    kinds = ast.Import | ast.ImportFrom | ast.Expr | ast.Assert | ast.For | ast.With
    stored = [
        one for one in ast.walk(statement) if isinstance(getattr(one, "ctx", None), ast.Store)
    ]
    made = {one.id for one in stored if isinstance(one, ast.Name)}
    of_others = any(
        isinstance(one, ast.Attribute | ast.Subscript)
        and {part.id for part in ast.walk(one) if isinstance(part, ast.Name)}
        & {*answers, "globals"}
        for one in stored
    )
    defined_here = any(
        isinstance(one, ast.FunctionDef | ast.ClassDef | ast.Lambda) for one in ast.walk(statement)
    )
    calls = {one.func.id for one in ast.walk(statement)
             if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}  # fmt: skip
    plain_calls = not calls & {"setattr", "globals", "vars", "exec", "eval"}
    harmless = not made & answers and not of_others and not defined_here and plain_calls
    return isinstance(statement, kinds) and harmless


def read_by_definitions(tree, name):
    """Does a function or class of this cell take that name from outside it?"""
    kinds = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
    parts = [one for one in tree.body if isinstance(one, kinds) and one.name != name]
    return any(name in globals_read(ast.Module([one], [])) for one in parts)


def lending(cell, tree, find, lent, answers):
    """Names of the notebook that hold such a thing, directly or by another.

    Returns:
        dict: name → (path of the thing, id of the cell).
    """
    found: dict[str, tuple[str, str]] = {}
    for name, part in bindings(tree):
        if cell.role == FREE and name in answers:
            continue  # the answer has a name of its own; `done_for_them` looks at this
        part = part if isinstance(part, ast.stmt) else ast.Expr(part)
        known = {one.id for one in walk(part) if isinstance(one, ast.Name)} & {*lent, *found}
        used = sorted(globals_read(ast.Module([part], [])) & known) if known else []
        if paths := find(part):
            found[name] = (paths[0], cell.id)
        elif used:
            found[name] = ({**lent, **found}[used[0]][0], cell.id)
    return found


def bindings(tree):
    """(name, what it is bound to) at the top level of a cell."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for one in ast.walk(target):
                    if isinstance(one, ast.Name):
                        yield one.id, node.value
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def globals_read(tree):
    """The names that a cell takes from the rest of the notebook."""
    try:
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    inner = list(table.get_children())
    while inner:
        one = inner.pop()
        inner += one.get_children()
        found |= {s.get_name() for s in one.get_symbols() if s.is_global() and s.is_referenced()}
    return found - own


# ways out


def shell(cell, magics):
    used = sorted({name for name in magics if name in SHELL})
    if used:
        what = "uses the shell" if used == ["!"] else f"uses the shell ({', '.join(used)})"
        yield flag("shell", cell, what)


def reaching(cell, tree, names):
    """What an answer has no business with."""
    for node in walk(tree):
        what = WAYS_OUT.described(node, names.path(node))
        if what:
            yield flag("reaches out", cell, what)
    for path in dict.fromkeys(loose(tree, names)):
        yield flag("reaches out", cell, f"hands {path} itself about")


def overwritten(cell, tree, names, answers):
    """Parts of torch or of the checks replaced by the student's."""
    for path in patched(tree, names):
        yield flag("overwritten", cell, f"puts something else in the place of {path}")
    for name, _ in bindings(tree):
        path = names.first.get(name, "")
        if path.startswith(CHECKS) and name not in answers:
            yield flag("overwritten", cell, f"defines {name} anew, by which answers are checked")


# hidden tests


def seen_hidden(cell, master):
    """The text of a hidden test in the student's code."""
    mine = {line.strip() for line in cell.source.splitlines()}
    for key, (rows, quoted) in master.hidden.items():
        if len(mine & set(rows)) >= ALIKE or any(text in cell.source for text in quoted):
            yield flag("hidden test seen", cell, f"has words of the hidden test {key} in it")
