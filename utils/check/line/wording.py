"""What the search has found: the line, what kind of slip it is, and the edit, as text."""

import ast
import copy
import re
import textwrap
from dataclasses import dataclass

from utils.check.line.source import is_count
from utils.check.line.statements import lines_of

KINDS = {  # kind of an edit → (name, what to look at)
    "operator": ("another operator", "One of the operators is another one."),
    "order": ("order of the operands", "Two things stand in the wrong order."),
    "sign": ("a sign", "A sign is the wrong way round."),
    "brackets": ("brackets", "The numbers are right, the brackets are not."),
    "inside or outside": (
        "inside or outside",
        "Something stands inside a function that belongs outside of it, or the other way round.",
    ),
    "order of calls": ("order of the calls", "Two operations come in the wrong order."),
    "call too many": ("an operation too many", "One of the operations does not belong there."),
    "function too many": ("a function too many", "One of the functions does not belong there."),
    "missing square": ("a square is missing", "Something should be squared."),
    "missing root": ("a root is missing", "The root of something should be taken."),
    "missing abs": ("an absolute value is missing", "A sign should be taken away."),
    "missing sign": ("the sign", "Of something only the sign should count."),
    "missing clone": (
        "a copy is missing",
        "Two names stand for one tensor here, so a change of one changes the other.",
    ),
    "other name": ("one name for another", "A name stands here in the place of another one."),
    "other key": ("another key", "A key of the dict is another one."),
    "group for state": ("`group`, not `state`", "Hyper-parameters are in `group`."),
    "group for another": ("read it from `group`", "Hyper-parameters of p are read from `group`."),
    "index": ("the index", "Another entry of the pair is meant."),
    "constant": ("a number", "One of the numbers is another one."),
    "constant for name": ("a number for a name", "A number stands where a name belongs."),
    "one off": ("off by one", "Something is one too many or one too few."),
    "too many": ("something too many", "Something in this line does not belong there."),
    "missing 1 -": ("1 − … is missing", "A weight stands where 1 minus that weight belongs."),
    "missing 1 +": ("1 + … is missing", "A number stands where 1 plus that number belongs."),
    "missing factor": ("a factor is missing", "Something should be multiplied or divided here."),
    "missing power": ("a power is missing", "Something should be raised to a power."),
    "missing correction": (
        "a correction is missing",
        "Something should be divided by 1 minus a power, or multiplied by it.",
    ),
    "missing term": ("a term is missing", "Something should be added or subtracted here."),
    "other method": ("another operation", "Another operation is meant."),
    "underscore": (
        "the underscore",
        "A method with an underscore changes its tensor; one without makes a new tensor.",
    ),
    "keyword": ("the keyword", "A factor is handed over as `alpha=` or `value=`."),
    "missing keyword": ("a factor is missing", "A factor is missing: `alpha=` or `value=`."),
    "order of arguments": ("order of the arguments", "Two arguments stand in the wrong order."),
    "function for tensors": ("a function for tensors", "This function is not for what it gets."),
    "brackets of a call": ("no brackets", "This is no function: it is not called."),
    "comparison": ("the comparison", "The condition compares the wrong way."),
    "and / or": ("and / or", "The parts of the condition are joined in the wrong way."),
    "not": ("not", "The condition is the wrong way round."),
    "condition too many": ("a condition too many", "This should not depend on a condition."),
    "branches": ("the branches", "The two branches stand in each other's place."),
    "not in place": (
        "not in place",
        "This makes a new tensor; the old one stays as it was, and that is the one that counts.",
    ),
    "in place": (
        "in place",
        "This changes a tensor that somebody else holds; make a new one instead.",
    ),
    "assigned, not added": ("assigned, not added", "The old value is lost here."),
    "added, not assigned": ("added, not assigned", "The old value should not count here."),
    "computed and not stored": (
        "computed and not stored",
        "What is computed here is not where the next line, or the next step, looks for it.",
    ),
    "starting value": ("the starting value", "What is remembered starts with another value."),
    "order of lines": ("order of the lines", "This line comes too early or too late."),
    "weights swapped": (
        "the weights of old and new",
        "The weights of what was and of what is new stand in each other's place.",
    ),
    "autograd": ("autograd is on", "The step must not be watched by autograd."),
    "state for self": ("`state`, not `self`", "What belongs to one parameter is kept in `state`."),
    "indentation": ("indentation", "This line stands in the wrong block."),
    "else": ("`else`", "It should be clear when this happens, and when that."),
    "line too many": ("a line too many", "This line does not belong there."),
    "loop too many": ("a loop too many", "No loop is needed here: tensors work as a whole."),
    "way out": ("the way out", "`return`, `continue` and `break` leave different things."),
    "missing line": ("a line is missing", "A line is missing after this one."),
    "missing return": ("`return` is missing", "The function returns nothing."),
    "not in the defaults": (
        "not in the defaults",
        "What the constructor gives to `super().__init__` is what a group has: a dict of all.",
    ),
    "another default": ("another default", "The default value is another one."),
}


@dataclass(frozen=True)
class LineEdit:
    """One edit of one line.

    file: the cell or file, as tracebacks name it.
    line: its number there, from 1 on.
    function: in which it stands.
    text: the line, as the student wrote it.
    kind: what kind of slip it is; a key of `KINDS`.
    before, after: what should be changed, and into what; one or more lines of source.
    """

    file: str
    line: int
    function: str
    text: str
    kind: str
    before: str
    after: str

    @property
    def name(self):
        """The kind, in a few words."""
        return KINDS[self.kind][0]

    @property
    def says(self):
        """The kind, in a sentence."""
        return KINDS[self.kind][1]


@dataclass(frozen=True)
class LineFinding:
    """The smallest edit found that makes the student's code right.

    edits: one, or two if one does not do.
    tried: how many candidates were played.
    seconds: of computing.
    """

    edits: tuple
    tried: int
    seconds: float

    @property
    def hints(self):
        """From weak to strong: what kind of slip it is, then the edit."""
        kinds = tuple(f"Line {e.line}: {e.says}" for e in self.edits)
        changes = tuple(
            f"Line {e.line}: `{flat(e.before)}` → `{flat(e.after)}`" for e in self.edits
        )
        return kinds + changes


def flat(text):
    return " ⏎ ".join(line.strip() for line in text.splitlines() if line.strip())


def tell(edit, original):
    """An `Edit`, which is not made at present, as text.

    Args:
        original: the unedited text of the file, as lines.
    """
    node = edit.node
    text = original[node.lineno - 1].rstrip()
    if edit.new is not None:
        before, after = replaced_text(edit, original)
    else:
        before, after = changed_lines(edit, original)
    return LineEdit(
        edit.piece.file,
        node.lineno,
        edit.piece.name,
        text,
        edit.kind,
        before,
        after,
    )


def replaced_text(edit, original):
    """The lines in which an expression stands, before and with the new one in its place."""
    node = edit.node
    first, last = node.lineno, node.end_lineno
    lines = [line.rstrip("\n") for line in original[first - 1 : last]]
    head, tail = part(lines[0], 0, node.col_offset), part(lines[-1], node.end_col_offset, None)
    before = "\n".join(lines)
    new = rendered(edit.new, original)
    tries = [head + new + tail, head + f"({new})" + tail]
    if head.endswith("(") and tail.startswith(")"):
        tries.insert(0, head[:-1] + new + tail[1:])
    edit.make()
    try:
        wanted = plain_dump(edit.piece.tree)
    finally:
        edit.take_back()
    for after in tries:
        if matches(edit.piece, original, first, last, after, wanted):
            return dedent(before), dedent(after)
    return dedent(before), dedent(head + ast.unparse(edit.new) + tail)


def matches(piece, original, first, last, after, wanted):
    """Does the text with these lines in it parse to the edited tree?"""
    tree = piece.tree
    start = min([tree.lineno, *(d.lineno for d in tree.decorator_list)])
    text = [*original[start - 1 : first - 1], after + "\n", *original[last : tree.end_lineno]]
    try:
        return plain_dump(ast.parse(textwrap.dedent("".join(text))).body[0]) == wanted
    except (SyntaxError, IndexError, ValueError):
        return False


def plain_dump(tree):
    """The tree as text, without the calls that count turns."""
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [s for s in node.body if not is_count(s)]
    return ast.dump(tree)


def rendered(node, original):
    """An expression as text; the parts that the student wrote stay as they were written."""
    kept: dict = {}

    class Keep(ast.NodeTransformer):
        def visit(self, part):
            source = segment(part, original) if isinstance(part, ast.expr) else None
            if source is not None:
                name = f"kept{len(kept)}"
                kept[name] = source
                return ast.Name(name, ast.Load())
            return self.generic_visit(part)

    text = ast.unparse(ast.fix_missing_locations(Keep().visit(copy.deepcopy(node))))
    for name in reversed(kept):
        source = kept[name]
        bare = text.strip() == name or isinstance(ast.parse(source, mode="eval").body, ATOMS)
        text = text.replace(name, source if bare else f"({source})")
    if ast.dump(ast.parse(text, mode="eval").body) != ast.dump(node):
        text = ast.unparse(node)
    text = quoted(text, original)
    tight = text.replace(" ** ", "**")
    return (
        tight
        if "**" in text and any("**" in line and " ** " not in line for line in original)
        else text
    )


ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant)


def quoted(text, original):
    """The text with the quotation marks that the student uses."""
    double = sum(line.count('"') > line.count("'") for line in original)
    single = sum(line.count("'") > line.count('"') for line in original)
    return re.sub(r"'(\w*)'", r'"\1"', text) if double > single else text


def segment(node, original):
    """The text of a node, if it stands in the source just so; else None."""
    if node.lineno != node.end_lineno or not 0 < node.lineno <= len(original):
        return None
    text = part(original[node.lineno - 1].rstrip("\n"), node.col_offset, node.end_col_offset)
    try:
        same = ast.dump(ast.parse(text, mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError):
        return None
    return text if same else None


def part(line, start, stop):
    """A part of a line; the offsets of a tree count bytes."""
    return line.encode()[start:stop].decode(errors="ignore")


def changed_lines(edit, original):
    """The lines that differ when whole lines are replaced, moved, added or removed."""
    old = shown_lines(edit.piece.tree, original)
    edit.make()
    try:
        new = shown_lines(edit.piece.tree, original)
    finally:
        edit.take_back()
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    stop = 0
    while stop < min(len(old), len(new)) - start and old[-1 - stop] == new[-1 - stop]:
        stop += 1
    before, after = old[start : len(old) - stop], new[start : len(new) - stop]
    if not before and start:
        before, after = [old[start - 1]], [old[start - 1], *after]
    return dedent("\n".join(before)), dedent("\n".join(after))


def shown_lines(tree, original):
    """The statements of a function, a line each; those that the student wrote as they wrote them."""
    shown = []
    for line in lines_of(tree):
        depth, above = 0, line.above
        while above is not None:
            depth, above = depth + 1, above.above
        node = line.node
        if line.field == "orelse" and line.index == 0:
            shown.append("    " * (depth - 1) + "else:")
        text = None if getattr(node, "inserted", False) else header(node, original)
        text = text or quoted(ast.unparse(node).splitlines()[0], original)
        shown.append("    " * depth + text)
    return shown


def header(node, original):
    """The first line of a statement as the student wrote it, if the tree still says the same."""
    compound = isinstance(getattr(node, "body", None), list)
    last = node.lineno if compound else node.end_lineno
    text = " ".join(line.strip() for line in original[node.lineno - 1 : last])
    try:
        same = ast.parse(text + (" pass" if compound else "")).body[0]
        wanted = copy.deepcopy(node)
        if compound:
            wanted.body, wanted.orelse = [ast.Pass()], []
            same.orelse = []
        return text if ast.dump(same) == ast.dump(wanted) else None
    except (SyntaxError, IndexError, ValueError):
        return None


def dedent(text):
    return textwrap.dedent(text)
