"""Slips that change nothing: which, and why.

A slip stands here only if someone has looked at it. The patterns are compared with the line as it
was, `→`, and the line as it is. Two lines in each other's place are looked at by `independent`.
"""

import ast
import re

REASONS = (
    (
        r"\.sqrt\(\).*→.*\.sqrt_\(\)",
        "the root is taken in place of a tensor that was made just for it",
    ),
    (r'dampening: state\["v"\] = g\.clone\(\) →', "g is a new tensor already, a sum"),
    (r"Adagrad: .*→ .*p\.grad\.abs\(\)\*\*2", "a square has no sign"),
    (
        r'Adamax: state\["u"\] = torch\.zeros_like\(p\) → state\["u"\] = p\.grad\.clone\(\)',
        "the maximum with |g| hides where u started, as β₂ g is smaller than |g|",
    ),
    (r"centered RMSprop: mean\.mul_.*→ mean\.mul_\(alpha\)\.sub_", "only the mean's square counts"),
    (
        r'(mean, square|m, v|v, u) = (state\["\w+"\], state\["\w+"\]) → (square, mean|v, m|u, v) = \2',
        "two buffers that start alike have their names exchanged, in every step",
    ),
    (r"RAdam: if rho > 5: → if rho >= 5:", "rho is never 5 exactly"),
    (r"Rprop: same = .*→ same = ", "only the sign of `same` counts"),
    (r"Muon: X = .*G\.dim\(\) >= 1 else", "a column has the same singular value as a row"),
    (r"Muon: X = .*G\.dim\(\) > 0 else", "a column has the same singular value as a row"),
)


def reason(verdict):
    """Why this slip is no mistake, or None."""
    slip = verdict.slip
    if slip.kind == "lines swapped" and independent(slip.old, slip.new):
        return "two lines in each other's place, neither of which changes what the other reads"
    text = f"{verdict.target.name}: {slip.old} → {slip.new}"
    return next((why for pattern, why in REASONS if re.search(pattern, text)), None)


def independent(one, two):
    """Does neither of two lines change what the other one reads or changes?"""
    try:
        reads, changes = zip(
            *(touched(ast.parse(line).body[0]) for line in (one, two)), strict=True
        )
    except (SyntaxError, IndexError):
        return False
    return not (changes[0] & (reads[1] | changes[1]) or changes[1] & reads[0])


def touched(statement):
    """(what a line reads, what it changes): names, and `state["x"]` as one thing."""
    reads, changes, parts = set(), set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            text = ast.unparse(node)
            (reads if isinstance(node.ctx, ast.Load) else changes).add(text)
            parts.add(id(node.value))
        if isinstance(node, ast.Name) and id(node) not in parts:
            (reads if isinstance(node.ctx, ast.Load) else changes).add(node.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func
            while isinstance(owner, (ast.Attribute, ast.Call)):
                owner = owner.func if isinstance(owner, ast.Call) else owner.value
            if node.func.attr.endswith("_") or "_(" in ast.unparse(node.func):
                changes.add(ast.unparse(owner))
    if isinstance(statement, ast.AugAssign):
        reads |= changes
    return reads, changes
