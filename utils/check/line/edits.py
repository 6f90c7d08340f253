"""The natural edits of an expression: what people mix up when they write a formula.

Each rule is a generator: it is given a place in the tree and yields what might stand there instead,
as (cost, kind, expression). The cost orders the search: 1 is what is mixed up most often.
"""

import ast
from dataclasses import dataclass, field

from utils.check.line.brackets import STRENGTH, elsewhere

# ---- what a name may be mixed up with ------------------------------------------------------------


@dataclass
class Scope:
    """What the student's function can see, measured while it ran.

    tensors, numbers, integers: expressions such as `p.grad`, `state["v"]`, `lr`, by their type.
    pairs: expressions that are pairs of numbers, such as `group["betas"]`.
    decays: those of the numbers that can be the β of an average, 0.3 < β < 1.
    names: all names that the function gives a value.
    arguments: of the function, but not `self` and `params`.
    state_keys, group_keys: what is in these dicts.
    defaults: name → value of the reference's own defaults.
    """

    tensors: list = field(default_factory=list)
    numbers: list = field(default_factory=list)
    integers: list = field(default_factory=list)
    pairs: list = field(default_factory=list)
    decays: list = field(default_factory=list)
    names: list = field(default_factory=list)
    arguments: list = field(default_factory=list)
    state_keys: list = field(default_factory=list)
    group_keys: list = field(default_factory=list)
    defaults: dict = field(default_factory=dict)

    def __post_init__(self):
        self.kept = {}

    def node(self, text):
        """The tree of a short expression; made once."""
        if text not in self.kept:
            self.kept[text] = ast.parse(text, mode="eval").body
        return self.kept[text]

    def nodes(self, texts):
        return [self.node(text) for text in texts]

    def kind_of(self, node):
        """ "tensor", "number" or None: what stands here, as far as it is known."""
        text = ast.unparse(node)
        if text in self.tensors:
            return "tensor"
        if text in self.numbers or text in self.integers:
            return "number"
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return "number"
        if isinstance(node, ast.BinOp):
            parts = {self.kind_of(node.left), self.kind_of(node.right)}
            return "tensor" if "tensor" in parts else parts.pop() if len(parts) == 1 else None
        if isinstance(node, ast.UnaryOp):
            return self.kind_of(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = self.kind_of(node.func.value)
            if owner:
                return owner if node.func.attr not in ("item", "numel", "dim") else "number"
            return "tensor" if getattr(node.func.value, "id", None) == "torch" else None
        return None


@dataclass
class Place:
    """An expression in the tree.

    holder, name, index: the node in which it stands, in which field, and where in the list.
    node: the expression.
    statement: in which it is.
    test: is it part of a condition?
    """

    holder: ast.AST
    name: str
    index: int | None
    node: ast.AST
    statement: ast.AST
    test: bool = False


def like(place, new):
    """`new`, standing where the old one stood."""
    return ast.copy_location(new, place.node)


def call(place, owner, method, *args, **words):
    """`owner.method(args, words)`"""
    func = like(place, ast.Attribute(owner, method, ast.Load()))
    keywords = [like(place, ast.keyword(k, v)) for k, v in words.items()]
    return like(place, ast.Call(func, list(args), keywords))


def binary(place, left, op, right):
    return like(place, ast.BinOp(left, op(), right))


def number(place, value):
    return like(place, ast.Constant(value))


def one_minus(place, node):
    return binary(place, number(place, 1), ast.Sub, node)


def is_number(node, *values):
    return (
        isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and (not values or node.value in values)
    )


# ---- operators, signs, brackets ------------------------------------------------------------------

OPERATORS = {
    ast.Add: {ast.Sub: 1, ast.Mult: 3, ast.Pow: 4, ast.Div: 5},
    ast.Sub: {ast.Add: 1, ast.Mult: 4, ast.Div: 5, ast.Pow: 5},
    ast.Mult: {ast.Div: 1, ast.Pow: 1, ast.Add: 3, ast.Sub: 4, ast.MatMult: 3},
    ast.Div: {ast.Mult: 1, ast.Sub: 4, ast.Add: 4, ast.Pow: 5},
    ast.Pow: {ast.Mult: 1, ast.Div: 4, ast.Add: 5, ast.Sub: 5},
    ast.MatMult: {ast.Mult: 1},
    ast.BitXor: {ast.Pow: 1},
    ast.FloorDiv: {ast.Div: 1, ast.Mult: 3},
    ast.Mod: {ast.Div: 2, ast.Mult: 2},
}


def operator(place, scope):
    node = place.node
    if isinstance(node, ast.BinOp):
        for op, cost in OPERATORS.get(type(node.op), {}).items():
            yield cost, "operator", binary(place, node.left, op, node.right)
        if isinstance(node.op, (ast.Sub, ast.Div, ast.Pow, ast.MatMult)):
            yield 2, "order", binary(place, node.right, type(node.op), node.left)


def sign(place, scope):
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield 1, "sign", node.operand
    elif isinstance(node, (ast.Name, ast.Call, ast.Subscript, ast.BinOp, ast.Attribute)):
        if place.test or isinstance(place.holder, ast.Attribute) or scope.kind_of(node) is None:
            return
        cost = 1 if isinstance(place.holder, ast.keyword) else 2
        if ast.unparse(node) == "p.grad" or compares(place.holder):
            cost = 3  # right perhaps, but nobody would mend it there
        yield cost, "sign", like(place, ast.UnaryOp(ast.USub(), node))


def compares(node):
    """Is this a call of max, min and the like, which a sign turns into one another?"""
    func = getattr(node, "func", None)
    return "max" in getattr(func, "attr", getattr(func, "id", "")) or "min" in getattr(
        func, "attr", getattr(func, "id", "")
    )


def brackets(place, scope):
    node = place.node
    if isinstance(node, ast.BinOp) and not inside_chain(place):
        before = ast.dump(node)
        seen = {before}
        for new in elsewhere(node):
            text = ast.dump(new)
            if text not in seen:
                seen.add(text)
                yield 1, "brackets", new
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.BinOp):
        inner = node.operand
        minus = like(place, ast.UnaryOp(node.op, inner.left))
        yield 1.5, "brackets", like(place, ast.BinOp(minus, inner.op, inner.right))
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.UnaryOp):
        inner = like(place, ast.BinOp(node.left.operand, node.op, node.right))
        yield 1.5, "brackets", like(place, ast.UnaryOp(node.left.op, inner))


def inside_chain(place):
    """Is this part of a longer chain a + b + c, which has its turn as a whole?"""
    around = STRENGTH.get(type(getattr(place.holder, "op", None)))
    own = STRENGTH.get(type(place.node.op))
    if around is None or own is None or not isinstance(place.holder, ast.BinOp):
        return False
    power = isinstance(place.holder.op, ast.Pow)
    return own >= around + (power if place.name == "left" else not power)


# ---- functions around an expression: the root, the square, the absolute value --------------------


def wrapper(node):
    """(what is inside, how to put another thing there) of f(x), x.f() or x ** 0.5; else None."""
    if isinstance(node, ast.Call) and not node.keywords:
        func, args = node.func, node.args
        if isinstance(func, ast.Attribute) and not args:

            def put(new):
                at = ast.copy_location(ast.Attribute(new, func.attr, ast.Load()), node)
                return ast.copy_location(ast.Call(at, [], []), node)

            return func.value, put
        if len(args) == 1 and isinstance(func, (ast.Attribute, ast.Name)):
            owner = getattr(func, "value", func)
            if isinstance(owner, ast.Name) and owner.id in ("torch", "math", "np", "abs"):
                return args[0], lambda new: ast.copy_location(ast.Call(func, [new], []), node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and is_number(node.right):
        return node.left, lambda new: ast.copy_location(ast.BinOp(new, node.op, node.right), node)
    return None


def inside_or_outside(place, scope):
    """√(a + b) and √a + b, whatever the function and the operator."""
    node = place.node
    around = wrapper(node)
    if around:
        inner, put = around
        yield 2.5, "function too many", inner
        if isinstance(inner, ast.BinOp):
            yield (
                1,
                "inside or outside",
                binary(place, put(inner.left), type(inner.op), inner.right),
            )
            yield (
                1,
                "inside or outside",
                binary(place, inner.left, type(inner.op), put(inner.right)),
            )
        if isinstance(inner, ast.UnaryOp):
            yield 2, "inside or outside", like(place, ast.UnaryOp(inner.op, put(inner.operand)))
        again = wrapper(inner)
        if again:
            innermost, put_again = again
            yield 1.5, "inside or outside", put_again(put(innermost))
    if isinstance(node, ast.BinOp):
        for one, other, left in ((node.left, node.right, True), (node.right, node.left, False)):
            around = wrapper(one)
            if around and not (left and isinstance(node.op, ast.Pow)):
                inner, put = around
                pair = (inner, other) if left else (other, inner)
                yield 1, "inside or outside", put(binary(place, pair[0], type(node.op), pair[1]))
            if isinstance(one, ast.BinOp):  # a * √b + c, where √(b + c) is meant
                around = wrapper(one.right) if left else wrapper(one.left)
                if around:
                    inner, put = around
                    if left:
                        new = put(binary(place, inner, type(node.op), other))
                        yield 1.5, "inside or outside", binary(place, one.left, type(one.op), new)
                    else:
                        new = put(binary(place, other, type(node.op), inner))
                        yield 1.5, "inside or outside", binary(place, new, type(one.op), one.right)


def chained(place, scope):
    """x.f(a).g(b): the two in the other order, or one of them left out."""
    node = place.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    inner = node.func.value
    twice = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
    if twice and getattr(inner.func.value, "id", None) not in MODULES:
        low = rebuilt(place, inner.func.value, node)
        yield 1.5, "order of calls", rebuilt(place, low, inner)
        yield 3, "call too many", low
    if getattr(inner, "id", None) not in MODULES:
        yield 3, "call too many", inner


MODULES = ("torch", "math", "np", "self", "super")


def rebuilt(place, owner, made):
    """The call `made`, on another owner."""
    func = like(place, ast.Attribute(owner, made.func.attr, ast.Load()))
    return like(place, ast.Call(func, made.args, made.keywords))


def function_missing(place, scope):
    node = place.node
    if place.test or isinstance(node, ast.Constant):
        return
    kind = scope.kind_of(node)
    if kind == "tensor":
        yield 2.5, "missing square", binary(place, node, ast.Pow, number(place, 2))
        yield 2.5, "missing root", call(place, node, "sqrt")
        yield 4, "missing abs", call(place, node, "abs")
        yield 5, "missing sign", call(place, node, "sign")
        if isinstance(place.holder, (ast.Assign, ast.Call, ast.List, ast.Tuple, ast.keyword)):
            yield 2, "missing clone", call(place, node, "clone")
    elif kind == "number":
        yield 3.5, "missing square", binary(place, node, ast.Pow, number(place, 2))
        yield 3.5, "missing root", binary(place, node, ast.Pow, number(place, 0.5))


# ---- names, keys, numbers ------------------------------------------------------------------------


def other_name(place, scope):
    node = place.node
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return
    if isinstance(place.holder, ast.Call) and place.name == "func":
        return
    text = ast.unparse(node)
    kind = scope.kind_of(node)
    if kind is None and isinstance(node, ast.Name) and text in ("state", "group", *MODULES):
        return
    if kind is None and text in scope.pairs:
        return
    near, far = (
        (scope.numbers, scope.tensors) if kind == "number" else (scope.tensors, scope.numbers)
    )
    if kind is None and isinstance(place.holder, (ast.Attribute, ast.Call)):
        far = ()
    for other in near:
        if other != text:
            yield 2 if kind else 3, "other name", scope.node(other)
    if place.test:
        return
    for other in far:
        if other != text:
            yield 3, "other name", scope.node(other)
    for other in scope.integers if kind != "number" else ():
        yield 5, "other name", scope.node(other)


def other_key(place, scope):
    """Another key of `state` or `group`, or the other one of these two."""
    node = place.node
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        holder = place.holder
        owner = getattr(getattr(holder, "value", None), "id", None)
        keys = scope.group_keys if owner == "group" else scope.state_keys
        if owner is None and not isinstance(holder, (ast.Compare, ast.Call)):
            return
        for key in keys:
            if key != node.value:
                yield 1.5, "other key", like(place, ast.Constant(key))
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        owner, key = getattr(node.value, "id", None), getattr(node.slice, "value", None)
        if owner == "state" and key in scope.group_keys:
            yield 1, "group for state", scope.node(f"group[{key!r}]")
        if isinstance(key, str) and owner != "group" and key in scope.group_keys:
            yield 1.5, "group for another", scope.node(f"group[{key!r}]")
        if type(key) is int and key in (0, 1):
            index = like(place, ast.Constant(1 - key))
            yield 1.5, "index", like(place, ast.Subscript(node.value, index, ast.Load()))
    if isinstance(node, ast.Attribute) and node.attr in scope.group_keys:
        yield 1, "group for another", scope.node(f"group[{node.attr!r}]")


def constant(place, scope):
    node = place.node
    if not is_number(node) or isinstance(place.holder, ast.Subscript):
        return
    c = node.value
    if place.test:
        others = {c - 1, c + 1, 0, 1} if type(c) is int else {c / 10, c * 10, 0}
        others = {x for x in others if x >= 0}
    else:
        others = {0, 1, 2, 0.5, c + 1, c - 1, -c, c * 10, c / 10, 1 - c} | ({1 / c} if c else set())
        others |= {3, 4, 1 / 3, 1e-8, 1e-3, 0.9, 0.999}
    for x in sorted(others, key=lambda x: (type(x) is not int, abs(x - c))):
        if x != c and (type(c) is float or type(x) is int or not place.test):
            new = number(place, abs(x))
            cost = 2 if x in (0, 1, 2, 0.5, c + 1, c - 1, -c) else 3
            yield cost, "constant", new if x >= 0 else like(place, ast.UnaryOp(ast.USub(), new))
    if not place.test:
        for other in scope.numbers + scope.integers:
            yield 2.5, "constant for name", scope.node(other)
        for other in scope.nodes(scope.decays) if c == 1 else ():
            yield 2.5, "constant for name", one_minus(place, other)
        for other in scope.tensors:
            yield 4, "constant for name", scope.node(other)


def name_for_constant(place, scope):
    node = place.node
    if isinstance(node, ast.Tuple) and all(map(is_number, node.elts)):
        for pair in scope.pairs:
            yield 1.5, "constant for name", scope.node(pair)
    if isinstance(node, (ast.Name, ast.Subscript)) and scope.kind_of(node) and not place.test:
        for x in (0, 1, 2, 0.5):
            yield 4, "constant", number(place, x)


def one_off(place, scope):
    """One too many or too few: in `range`, in an index, in an exponent, in a comparison."""
    node, holder = place.node, place.holder
    if isinstance(node, ast.Slice) or is_text(node):
        return
    name = getattr(getattr(holder, "func", None), "id", "")
    counts = isinstance(holder, ast.Call) and name in ("range", "len") and place.name != "func"
    counts = counts or isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len"
    counts = counts or isinstance(holder, (ast.Slice, ast.Subscript)) and place.name != "value"
    integer = not isinstance(node, ast.Constant) and ast.unparse(node) in scope.integers
    exponent = isinstance(holder, ast.BinOp) and isinstance(holder.op, ast.Pow)
    cost = 2 if counts or exponent or place.test else 3.5
    if counts or integer:
        yield cost, "one off", binary(place, node, ast.Add, number(place, 1))
        yield cost, "one off", binary(place, node, ast.Sub, number(place, 1))


# ---- factors and terms ---------------------------------------------------------------------------


def part_too_many(place, scope):
    node = place.node
    if isinstance(node, ast.BinOp):
        yield 2, "too many", node.left
        yield 2, "too many", node.right
        for op in (ast.Mult, ast.Add):  # a * b * c without b
            inner = node.left
            if (
                isinstance(node.op, op)
                and isinstance(inner, ast.BinOp)
                and isinstance(inner.op, op)
            ):
                yield 2, "too many", binary(place, inner.left, op, node.right)


def missing_one_minus(place, scope):
    node = place.node
    if isinstance(node, (ast.Name, ast.Subscript, ast.BinOp)) and not place.test:
        kind = scope.kind_of(node)
        if kind == "number":
            yield 1.5, "missing 1 -", one_minus(place, node)
            yield 3, "missing 1 +", binary(place, number(place, 1), ast.Add, node)


def is_position(place):
    """Can a factor or a term be missing here, and not rather in what is around or inside?"""
    holder = place.holder
    if isinstance(holder, ast.Call) and (place.name == "func" or makes_memory(holder)):
        return False
    if isinstance(holder, ast.BinOp):
        return not isinstance(holder.op, ast.Pow) or place.name == "right"
    if isinstance(holder, ast.Attribute):
        return isinstance(place.node, ast.BinOp)
    return isinstance(
        holder, (ast.Assign, ast.AugAssign, ast.Call, ast.keyword, ast.Return, ast.IfExp)
    )


def makes_memory(node):
    """`zeros_like(p)` and the like, where only the shape of p counts."""
    name = getattr(node.func, "attr", "")
    return name in ("zeros_like", "ones_like", "get", "setdefault", "zeros", "clone")


def renames(place):
    """`g = p.grad`, `lr = group["lr"]`: nothing is computed here."""
    plain = isinstance(place.node, (ast.Subscript, ast.Attribute))
    return plain and isinstance(place.holder, ast.Assign)


def factor_missing(place, scope):
    node = place.node
    if place.test or not is_position(place) or is_text(node) or renames(place):
        return
    kind = scope.kind_of(node)
    if kind is None and isinstance(node, (ast.Name, ast.Attribute)):
        return
    for other in scope.nodes(scope.numbers):
        yield 3, "missing factor", binary(place, node, ast.Mult, other)
        yield 3.5, "missing factor", binary(place, node, ast.Div, other)
        yield 3, "missing factor", binary(place, one_minus(place, other), ast.Mult, node)
        yield 4, "missing factor", binary(place, node, ast.Div, one_minus(place, other))
    for other in scope.nodes(scope.integers):
        yield 4, "missing factor", binary(place, node, ast.Mult, other)
        yield 4, "missing factor", binary(place, node, ast.Div, other)
    for other in scope.nodes(scope.tensors):
        yield 3.5, "missing factor", binary(place, node, ast.Mult, other)
        if kind != "number":
            yield 4, "missing factor", binary(place, node, ast.Div, other)
    for x in (2, 0.5, 3):
        yield 4, "missing factor", binary(place, number(place, x), ast.Mult, node)


def power_missing(place, scope):
    """β where βᵗ is meant, and what is built of that: 1 − βᵗ, and the divisor 1 − βᵗ."""
    node = place.node
    if place.test or is_text(node):
        return
    kind = scope.kind_of(node)
    if kind == "number" and not isinstance(node, ast.Constant):
        for t in scope.nodes(scope.integers):
            if ast.unparse(t) != ast.unparse(node):
                yield 2.5, "missing power", binary(place, node, ast.Pow, t)
    if not is_position(place) or (kind is None and isinstance(node, ast.Name)) or renames(place):
        return
    for t in scope.nodes(scope.integers):
        for beta in scope.nodes(scope.decays):
            correction = one_minus(place, binary(place, beta, ast.Pow, t))
            root = binary(place, correction, ast.Pow, number(place, 0.5))
            yield 4, "missing correction", binary(place, node, ast.Div, correction)
            yield 4.5, "missing correction", binary(place, node, ast.Mult, correction)
            yield 4.5, "missing correction", binary(place, node, ast.Div, root)
            yield 4.5, "missing correction", binary(place, node, ast.Mult, root)


def term_missing(place, scope):
    node = place.node
    if place.test or not is_position(place) or is_text(node):
        return
    kind = scope.kind_of(node)
    if kind is None and isinstance(node, (ast.Name, ast.Attribute)):
        return
    for other in scope.nodes(scope.numbers):
        yield 3.5, "missing term", binary(place, node, ast.Add, other)
        yield 4.5, "missing term", binary(place, node, ast.Sub, other)
    if kind == "number":
        return
    for other in scope.nodes(scope.tensors):
        yield 4, "missing term", binary(place, node, ast.Add, other)
        yield 4, "missing term", binary(place, node, ast.Sub, other)
        whole = other.id in ("p", "g", "grad") if isinstance(other, ast.Name) else True
        for factor in scope.nodes(scope.numbers):
            product = binary(place, factor, ast.Mult, other)
            yield 4.5 if whole else 5, "missing term", binary(place, node, ast.Add, product)
            if whole:
                yield 5, "missing term", binary(place, node, ast.Sub, product)


def is_text(node):
    return isinstance(node, ast.Constant) and not is_number(node)


# ---- calls and their keywords --------------------------------------------------------------------

ALIKE = (  # with and without the underscore
    "add sub copy",
    "mul div",
    "addcmul addcdiv",
    "sqrt square rsqrt abs",
    "maximum minimum fmax",
    "max min",
    "clamp_min clamp_max",
    "zeros_like ones_like clone empty_like",
    "mean sum",
    "exp log",
    "sign abs",
    "ceil floor",
    "mul add",
    "add lerp",
    "append extend",
)
FACTOR = {"add": "alpha", "sub": "alpha", "addcmul": "value", "addcdiv": "value"}


def other_method(place, scope):
    """A method of the same kind; `add` for `add_`, and `sqrt_` for `sqrt`."""
    node = place.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    name = node.func.attr
    bare, under = name.rstrip("_"), "_" if name.endswith("_") else ""
    owner = node.func.value
    module = getattr(owner, "id", None) in MODULES
    if module and owner.id != "torch":
        return

    def named(new):
        func = like(place, ast.Attribute(owner, new, ast.Load()))
        return like(place, ast.Call(func, node.args, node.keywords))

    for group in ALIKE:
        if bare in group.split():
            for other in group.split():
                if other != bare and (other != "copy" or under):
                    cost = 1 if {bare, other} <= {"add", "sub", "mul", "div"} else 1.5
                    yield cost, "other method", named(other + under)
    if not module:
        yield 1.5, "underscore", named(bare if under else name + "_")
        start = underlined(place, node)
        if start is not None:
            yield 1, "underscore", start
    if bare in ("maximum", "fmax", "minimum") and node.args:
        yield 3, "too many", node.args[0]
        if module and len(node.args) > 1:
            yield 3, "too many", node.args[1]


def underlined(place, node):
    """x.f(a).g(b) as x.f_(a).g_(b), or None if it is no chain."""
    inner = node.func.value
    if not (isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)):
        return None
    if getattr(inner.func.value, "id", None) in MODULES:
        return None
    low = underlined(place, inner) or inner
    name = inner.func.attr
    if low is inner and not name.endswith("_"):
        func = like(place, ast.Attribute(inner.func.value, name + "_", ast.Load()))
        low = like(place, ast.Call(func, inner.args, inner.keywords))
    name = node.func.attr
    func = like(place, ast.Attribute(low, name if name.endswith("_") else name + "_", ast.Load()))
    return like(place, ast.Call(func, node.args, node.keywords))


def keyword(place, scope):
    """alpha= and value=: missing, too many, or with the wrong name."""
    node = place.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    word = FACTOR.get(node.func.attr.rstrip("_"))

    def words(args, **keywords):
        kept = [like(place, ast.keyword(k, v)) for k, v in keywords.items()]
        return like(place, ast.Call(node.func, args, kept))

    for i, k in enumerate(node.keywords):
        rest = node.keywords[:i] + node.keywords[i + 1 :]
        without = like(place, ast.Call(node.func, node.args, rest))
        yield 2.5, "too many", without
        if word and k.arg != word:
            renamed = [*rest, like(place, ast.keyword(word, k.value))]
            yield 1, "keyword", like(place, ast.Call(node.func, node.args, renamed))
    wanted = {"alpha": 1, "value": 2}.get(word)
    if word and not node.keywords:
        args = node.args
        if len(args) == wanted + 1:
            yield 1, "keyword", words(args[:-1], **{word: args[-1]})
            yield 1.5, "keyword", words(args[1:], **{word: args[0]})
        if len(args) == wanted:
            for other in scope.nodes(scope.numbers):
                minus = like(place, ast.UnaryOp(ast.USub(), other))
                yield 2.5, "missing keyword", words(args, **{word: other})
                yield 2.5, "missing keyword", words(args, **{word: minus})
                yield 2.5, "missing keyword", words(args, **{word: one_minus(place, other)})
            for x in (-1, 2, 0.5):
                value = number(place, abs(x))
                value = value if x > 0 else like(place, ast.UnaryOp(ast.USub(), value))
                yield 3.5, "missing keyword", words(args, **{word: value})
    if len(node.args) == 2:
        yield (
            2.5,
            "order of arguments",
            like(place, ast.Call(node.func, node.args[::-1], node.keywords)),
        )
    if len(node.args) == 1 and node.func.attr in ("sqrt", "square", "abs", "sign"):
        owner = getattr(node.func.value, "id", None)
        if owner in ("math", "torch"):
            yield 1, "function for tensors", call(place, node.args[0], node.func.attr)
            if node.func.attr == "sqrt":
                half = number(place, 0.5)
                yield 1.5, "function for tensors", binary(place, node.args[0], ast.Pow, half)
    if not node.args and not node.keywords and node.func.attr == "grad":
        yield 1, "brackets of a call", node.func


def called(place, scope):
    """`max` for `min`, or one of their arguments alone."""
    node = place.node
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("max", "min"):
        other = "min" if node.func.id == "max" else "max"
        func = like(place, ast.Name(other, ast.Load()))
        yield 1.5, "other method", like(place, ast.Call(func, node.args, node.keywords))
        for arg in node.args[:3]:
            yield 3, "too many", arg


# ---- conditions ----------------------------------------------------------------------------------

COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE, ast.NotEq),
    ast.LtE: (ast.Lt, ast.GtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE, ast.NotEq),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt),
    ast.Eq: (ast.NotEq, ast.GtE, ast.LtE, ast.Gt, ast.Lt),
    ast.NotEq: (ast.Eq, ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot, ast.Eq),
    ast.IsNot: (ast.Is, ast.NotEq),
}


def comparison(place, scope):
    node = place.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in COMPARED.get(type(node.ops[0]), ()):
            new = like(place, ast.Compare(node.left, [op()], node.comparators))
            yield 1.5, "comparison", new
        swapped = like(place, ast.Compare(node.comparators[0], node.ops, [node.left]))
        yield 3, "comparison", swapped
    if isinstance(node, ast.BoolOp):
        op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield 1.5, "and / or", like(place, ast.BoolOp(op, node.values))
        for value in node.values:
            yield 2.5, "condition too many", value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield 1.5, "not", node.operand
    elif place.test and place.name == "test" and not isinstance(node, ast.Compare):
        yield 1.5, "not", like(place, ast.UnaryOp(ast.Not(), node))
    if isinstance(node, ast.IfExp):
        yield 1.5, "branches", like(place, ast.IfExp(node.test, node.orelse, node.body))
        yield 2.5, "condition too many", node.body
        yield 2.5, "condition too many", node.orelse


RULES = (
    operator,
    sign,
    brackets,
    inside_or_outside,
    chained,
    function_missing,
    other_name,
    other_key,
    constant,
    name_for_constant,
    one_off,
    part_too_many,
    missing_one_minus,
    factor_missing,
    power_missing,
    term_missing,
    other_method,
    keyword,
    called,
    comparison,
)


def of_expression(place, scope):
    """All natural edits of one expression: (cost, kind, new expression)."""
    for rule in RULES:
        yield from rule(place, scope)
