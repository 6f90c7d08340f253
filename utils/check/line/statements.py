"""The natural edits of a line: where it stands, whether it is there, and what it does with a value.

As in edits.py, each rule yields (cost, kind, changes); a change is (holder, field, index, new).
"""

import ast
import copy
from dataclasses import dataclass

from utils.check.line.source import is_count


@dataclass
class Line:
    """A statement in the tree.

    holder, field: the node and the list in which it stands, such as a function's `body`.
    index: its place in that list.
    above: the `Line` in which this one is indented, or None.
    """

    holder: ast.AST
    field: str
    index: int
    node: ast.stmt
    above: object = None

    @property
    def block(self):
        return getattr(self.holder, self.field)


def lines_of(node, above=None):
    """All statements of a tree, from top to bottom, but not those of functions inside it."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if not isinstance(block, list):
            continue
        for i, statement in enumerate(block):
            if is_count(statement):
                continue
            line = Line(node, field, i, statement, above)
            yield line
            yield from lines_of(statement, line)


def block_change(line, new):
    """The change that puts `new` in the place of the whole block."""
    return (line.holder, line.field, None, new or [ast.copy_location(ast.Pass(), line.node)])


def replaced(line, *statements):
    block = line.block
    return block_change(line, [*block[: line.index], *statements, *block[line.index + 1 :]])


def located(new, node):
    for part in ast.walk(new):
        if "lineno" in part._attributes and not hasattr(part, "lineno"):
            ast.copy_location(part, node)
    return new


def as_value(target):
    """A target, as an expression that is read."""
    new = copy.copy(target)
    new.ctx = ast.Load()
    return new


def as_target(value):
    new = copy.copy(value)
    new.ctx = ast.Store()
    return new


# ---- what a line does with its value -------------------------------------------------------------


def stored(line, scope):
    """`x = …` for `x.copy_(…)`, `x += …`, `state["x"] = …`, and the other ways round."""
    node, new = line.node, None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
            value = as_value(target)
            owner = value.value if getattr(value, "attr", None) == "data" else value
            copied = ast.Call(ast.Attribute(owner, "copy_", ast.Load()), [node.value], [])
            yield 1, "not in place", [replaced(line, located(ast.Expr(copied), node))]
            for op in (ast.Add, ast.Sub, ast.Mult):
                new = ast.AugAssign(as_target(owner), op(), node.value)
                yield 2.5, "assigned, not added", [replaced(line, located(new, node))]
        if isinstance(target, ast.Name):
            for key in scope.state_keys:
                kept = ast.Subscript(ast.Name("state", ast.Load()), ast.Constant(key), ast.Store())
                both = ast.Assign([target, kept], node.value)
                yield 2, "computed and not stored", [replaced(line, located(both, node))]
                only = ast.Assign([kept], node.value)
                yield 2, "computed and not stored", [replaced(line, located(only, node))]
        if isinstance(node.value, ast.BinOp):
            left = node.value.left
            if ast.unparse(left) == ast.unparse(target):
                new = ast.AugAssign(target, node.value.op, node.value.right)
                yield 1, "not in place", [replaced(line, located(new, node))]
        if isinstance(target, ast.Tuple) and len(target.elts) == 2:
            swapped = ast.Tuple(target.elts[::-1], ast.Store())
            new = ast.Assign([located(swapped, node)], node.value)
            yield 1.5, "order", [replaced(line, located(new, node))]
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            for key in scope.state_keys:
                if key != target.slice.value:
                    kept = ast.Subscript(target.value, ast.Constant(key), ast.Store())
                    new = ast.Assign([located(kept, node)], node.value)
                    yield 2, "other key", [replaced(line, located(new, node))]
        if isinstance(target, ast.Name):
            for name in dict.fromkeys(scope.tensors + scope.numbers + scope.integers):
                if name.isidentifier() and name != target.id:
                    new = ast.Assign([ast.Name(name, ast.Store())], node.value)
                    yield 3, "other name", [replaced(line, located(new, node))]
    if isinstance(node, ast.AugAssign):
        new = ast.Assign([node.target], node.value)
        yield 2, "added, not assigned", [replaced(line, located(new, node))]
        value = as_value(node.target)
        out = ast.Assign([node.target], ast.BinOp(value, node.op, node.value))
        yield 1.5, "in place", [replaced(line, located(out, node))]
        for op, cost in AUGMENTED.get(type(node.op), {}).items():
            new = ast.AugAssign(node.target, op(), node.value)
            yield cost, "operator", [replaced(line, located(new, node))]
        for name in dict.fromkeys(scope.tensors + [f"state[{k!r}]" for k in scope.state_keys]):
            if name != ast.unparse(node.target):
                other = as_target(copy.copy(scope.node(name)))
                new = ast.AugAssign(other, node.op, node.value)
                yield 3, "other name", [replaced(line, located(new, node))]
    if isinstance(node, ast.Expr):
        names = [n for n in scope.tensors if n.isidentifier()]
        keys = [f"state[{k!r}]" for k in scope.state_keys]
        for name in dict.fromkeys(names + keys):
            new = ast.Assign([as_target(copy.copy(scope.node(name)))], node.value)
            yield 2.5, "computed and not stored", [replaced(line, located(new, node))]


AUGMENTED = {
    ast.Add: {ast.Sub: 1, ast.Mult: 3},
    ast.Sub: {ast.Add: 1, ast.Mult: 3},
    ast.Mult: {ast.Div: 1, ast.Add: 3, ast.Pow: 3},
    ast.Div: {ast.Mult: 1, ast.Sub: 4},
    ast.Pow: {ast.Mult: 2},
}


def starts_with(line, scope):
    """What is remembered starts with something else."""
    node = line.node
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[-1], ast.Subscript):
        return
    if getattr(node.targets[-1].value, "id", None) != "state":
        return
    texts = ["torch.zeros_like(p)", "p.grad.clone()", "p.clone()", "torch.ones_like(p)", "0", "1"]
    for text in texts + scope.numbers + scope.integers:
        if text != ast.unparse(node.value):
            value = scope.node(text)
            yield 2, "starting value", [(node, "value", None, value)]


def swapped_weights(line, scope):
    """β where 1 − β belongs, and the other way round, in one line."""
    spots = [
        (holder, field, i, value)
        for holder in ast.walk(line.node)
        if not isinstance(line.node, ast.FunctionDef)
        for field, values in ast.iter_fields(holder)
        for i, value in (enumerate(values) if isinstance(values, list) else [(None, values)])
        if isinstance(value, ast.expr) and not hasattr(holder, "body")
    ]
    for holder, field, i, minus in spots:
        if not (isinstance(minus, ast.BinOp) and isinstance(minus.op, ast.Sub)):
            continue
        if not (isinstance(minus.left, ast.Constant) and minus.left.value == 1):
            continue
        name = ast.dump(minus.right)
        for other, its_field, j, bare in spots:
            if other is not minus and ast.dump(bare) == name:
                changes = [(holder, field, i, minus.right), (other, its_field, j, minus)]
                yield 1.5, "weights swapped", changes


def name_throughout(line, scope):
    """One name for another, wherever it stands in the line: β₁ for β₂ in both places."""
    if isinstance(line.node, (ast.FunctionDef, ast.If, ast.For, ast.While, ast.With)):
        return
    spots: dict = {}
    for holder in ast.walk(line.node):
        for field, values in ast.iter_fields(holder):
            many = isinstance(values, list)
            for i, value in enumerate(values) if many else [(None, values)]:
                loads = isinstance(getattr(value, "ctx", None), ast.Load)
                if loads and isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
                    spots.setdefault(ast.unparse(value), []).append((holder, field, i))
    for text, places in spots.items():
        pools = [pool for pool in (scope.numbers, scope.tensors) if text in pool]
        for other in pools[0] if pools and len(places) > 1 else ():
            if other != text:
                changes = [(*place, scope.node(other)) for place in places]
                yield 2, "other name", changes


# ---- where a line stands -------------------------------------------------------------------------


def moved(line, scope):
    """A line too early or too late, in or out of an `if` or a loop."""
    block, at, node = line.block, line.index, line.node
    rest = [*block[:at], *block[at + 1 :]]
    first = 1 if block and is_count(block[0]) else 0
    for to in range(first, len(rest) + 1):
        if to != at and not isinstance(node, ast.FunctionDef):
            cost = 1.5 if abs(to - at) == 1 else 2 + 0.02 * abs(to - at)
            yield cost, "order of lines", [block_change(line, [*rest[:to], node, *rest[to:]])]
    above = line.above
    if above is not None and not isinstance(above.node, ast.FunctionDef):
        i, outer = above.index, above.block
        out = [*outer[: i + 1], node, *outer[i + 1 :]]
        yield 2, "indentation", [block_change(line, rest), block_change(above, out)]
        before = [*outer[:i], node, *outer[i:]]
        yield 2.5, "indentation", [block_change(line, rest), block_change(above, before)]
        tail = block[at:]
        if len(tail) > 1 and at > first:
            out = [*outer[: i + 1], *tail, *outer[i + 1 :]]
            yield 2, "indentation", [block_change(line, block[:at]), block_change(above, out)]
        if line.field == "body" and isinstance(above.node, ast.If) and at == len(block) - 1:
            both = [block_change(line, rest), (above.node, "orelse", None, [node])]
            if not above.node.orelse and rest:
                yield 3, "indentation", both
    if at and isinstance(block[at - 1], (ast.If, ast.For, ast.While, ast.With)):
        inside = block[at - 1]
        yield (
            2,
            "indentation",
            [block_change(line, rest), (inside, "body", None, [*inside.body, node])],
        )
        if isinstance(inside, ast.If):
            for more in range(1, len(block) - at + 1):
                taken, left = block[at : at + more], [*block[:at], *block[at + more :]]
                new = [*inside.orelse, *taken]
                change = [block_change(line, left), (inside, "orelse", None, new)]
                yield 2.5 + 0.2 * more, "else", change


def removed(line, scope):
    if not isinstance(line.node, ast.FunctionDef) and not is_docstring(line.node):
        rest = [*line.block[: line.index], *line.block[line.index + 1 :]]
        if line.field == "body" or rest:
            yield 1.9, "line too many", [block_change(line, rest)]
        else:
            yield 1.9, "line too many", [(line.holder, line.field, None, [])]


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def unwrapped(line, scope):
    """A loop, an `if` or a `with` too many; the other branch."""
    node = line.node
    if isinstance(node, (ast.For, ast.While, ast.If, ast.With)):
        body = [s for s in node.body if not is_count(s)]
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            body = [with_name(s, node.target.id, "p") for s in body]
        kind = "condition too many" if isinstance(node, ast.If) else "loop too many"
        yield 1.5, kind, [replaced(line, *body)]
        if isinstance(node, ast.While):
            once = ast.If(node.test, body, [])
            yield 2, "loop too many", [replaced(line, located(once, node))]
    if isinstance(node, ast.If) and node.orelse:
        swapped = ast.If(node.test, node.orelse, node.body)
        yield 1.5, "branches", [replaced(line, located(swapped, node))]
        yield (
            2,
            "else",
            [replaced(line, located(ast.If(node.test, node.body, []), node), *node.orelse)],
        )
        if not isinstance(node.orelse[0], ast.If):
            yield 2.5, "condition too many", [replaced(line, *node.orelse)]
        elif len(node.orelse) == 1:
            alone = located(ast.If(node.test, node.body, []), node)
            yield 1.5, "else", [replaced(line, alone, node.orelse[0])]
    if isinstance(node, ast.If) and line.index + 1 < len(line.block):
        following = line.block[line.index + 1]
        if isinstance(following, ast.If) and not node.orelse:
            both = located(ast.If(node.test, node.body, [following]), node)
            rest = [*line.block[: line.index], both, *line.block[line.index + 2 :]]
            yield 2, "else", [block_change(line, rest)]


def with_name(statement, old, new):
    """A copy of a statement in which a name is another one."""
    again = copy.deepcopy(statement)
    for node in ast.walk(again):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = new
    return again


def left_early(line, scope):
    """`return`, `continue`, `break` for one another."""
    node = line.node
    if isinstance(node, (ast.Return, ast.Continue, ast.Break)):
        for kind in (ast.Continue, ast.Break):
            if not isinstance(node, kind):
                yield 1.5, "way out", [replaced(line, ast.copy_location(kind(), node))]
        yield 2, "way out", [replaced(line, ast.copy_location(ast.Return(None), node))]
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        new = ast.Return(ast.Tuple(node.value.elts[::-1], ast.Load()))
        yield 1.5, "order", [replaced(line, located(new, node))]


# ---- a line that is missing ----------------------------------------------------------------------


def line_missing(line, scope):
    """A count, a store or a decay after this line."""
    node, block, at = line.node, line.block, line.index

    def after(text):
        return inserted(line, at + 1, text)

    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                for key in scope.state_keys:
                    yield 2, "computed and not stored", after(f"state[{key!r}] = {target.id}")
    for key in scope.state_keys:
        if f"state[{key!r}]" in scope.integers:
            yield 3, "missing line", after(f"state[{key!r}] += 1")
            if at == 0:
                yield 3, "missing line", inserted(line, 0, f"state[{key!r}] += 1")
    for name in scope.integers:
        if name.isidentifier():
            yield 3.5, "missing line", after(f"{name} += 1")
    if isinstance(node, ast.Assign) and getattr(node.value, "attr", "") == "grad":
        for target in node.targets:
            if isinstance(target, ast.Name):
                for number in scope.numbers:
                    new = f"{target.id} = {target.id} + {number} * p"
                    yield 4, "missing line", after(new)
    names = [x for x in scope.numbers if "lr" in x or "decay" in x or "wd" in x]
    for lr in names:
        for decay in names:
            if lr < decay and "lr" in lr:
                yield 4, "missing line", after(f"p.mul_(1 - {lr} * {decay})")
    for name in scope.tensors:
        if name not in ("p", "p.grad", "p.data"):
            for number in scope.numbers:
                yield 5, "missing line", after(f"{name}.mul_({number})")
    if at == 0 and isinstance(line.holder, ast.For) and isinstance(line.holder.target, ast.Name):
        name = line.holder.target.id
        yield 1.5, "missing line", inserted(line, 0, f"if {name}.grad is None:\n    continue")
    last = at == len(block) - 1 and line.above is None
    if last and not isinstance(node, ast.Return):
        for name in reversed(scope.names):
            yield 1.5, "missing return", after(f"return {name}")


def inserted(line, at, text):
    block = line.block
    new = ast.parse(text).body
    for statement in new:
        for part in ast.walk(statement):
            if hasattr(part, "lineno"):
                ast.copy_location(part, line.node)
        statement.inserted = True
    return [block_change(line, [*block[:at], *new, *block[at:]])]


def defaults_missing(line, scope):
    """In `__init__`: a name that the dict of defaults lacks; `lr` where `dict(lr=lr)` is meant."""
    if isinstance(line.node, (ast.FunctionDef, ast.If, ast.For, ast.While, ast.With)):
        return
    for call in ast.walk(line.node):
        if not isinstance(call, ast.Call):
            continue
        if getattr(call.func, "id", None) == "dict":
            given = {k.arg for k in call.keywords}
            for name in scope.arguments:
                if name not in given:
                    word = located(ast.keyword(name, ast.Name(name, ast.Load())), call)
                    yield (
                        1,
                        "not in the defaults",
                        [(call, "keywords", None, [*call.keywords, word])],
                    )
        if getattr(call.func, "attr", None) == "__init__":
            for i, arg in enumerate(call.args):
                if isinstance(arg, ast.Name) and arg.id != "params":
                    words = [ast.keyword(n, ast.Name(n, ast.Load())) for n in scope.arguments]
                    new = ast.Call(ast.Name("dict", ast.Load()), [], words)
                    yield 1, "not in the defaults", [(call, "args", i, located(new, call))]


RULES = (
    stored,
    starts_with,
    swapped_weights,
    name_throughout,
    moved,
    removed,
    unwrapped,
    left_early,
    line_missing,
)


def of_line(line, scope):
    """All natural edits of one line as a whole: (cost, kind, changes)."""
    for rule in RULES:
        yield from rule(line, scope)


# ---- a whole function ----------------------------------------------------------------------------


def of_function(tree, scope):
    """Edits at several places of a function at once: (cost, kind, changes, node)."""
    yield from state_for_self(tree)
    if tree.name == "step" and not tree.decorator_list:
        call = ast.parse("torch.no_grad()", mode="eval").body
        located(call, tree)
        yield 1, "autograd", [(tree, "decorator_list", None, [call])], tree


def state_for_self(tree):
    """`state["x"]` wherever `self.x` is set or read, if it is set in this function."""
    kept = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and getattr(node.value, "id", None) == "self"
    }
    for name in kept:
        changes, first = [], None
        for holder in ast.walk(tree):
            for field, values in ast.iter_fields(holder):
                many = isinstance(values, list)
                for i, value in enumerate(values) if many else [(None, values)]:
                    new = in_state(value, name)
                    if new is not None:
                        first = first or value
                        changes.append((holder, field, i, located(new, value)))
        if changes:
            yield 1, "state for self", changes, first


def in_state(node, name):
    """What asks `self` for this name, as a question to `state`; None if it is something else."""
    state, key = ast.Name("state", ast.Load()), ast.Constant(name)
    asks = isinstance(node, ast.Attribute) and node.attr == name
    if asks and getattr(node.value, "id", None) == "self":
        return ast.Subscript(state, key, node.ctx)
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("hasattr", "getattr"):
        owner, asked = node.args[:2]
        if getattr(owner, "id", None) == "self" and getattr(asked, "value", None) == name:
            if node.func.id == "hasattr":
                return ast.Compare(key, [ast.In()], [state])
            return ast.Call(ast.Attribute(state, "get", ast.Load()), [key, *node.args[2:]], [])
    return None
