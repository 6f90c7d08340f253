"""The same numbers and operators, with brackets elsewhere."""

import ast

STRENGTH = {
    ast.Add: 1,
    ast.Sub: 1,
    ast.Mult: 2,
    ast.Div: 2,
    ast.FloorDiv: 2,
    ast.Mod: 2,
    ast.MatMult: 2,
    ast.Pow: 4,
}
NEGATIVE = 3  # -a**b is -(a**b), and -a*b is (-a)*b


class Chain:
    """Operands with operators between them, as they are read from left to right: a + b * c.

    An operand that stands in brackets is one operand.
    """

    def __init__(self, operands, operators):
        self.operands, self.operators = operands, operators

    @classmethod
    def of(cls, node, weakest=0):
        """The chain of an expression; a single operand if it is no chain."""
        strength = STRENGTH.get(type(getattr(node, "op", None)))
        if not isinstance(node, ast.BinOp) or strength is None or strength < weakest:
            return cls([node], [])
        power = isinstance(node.op, ast.Pow)
        left = cls.of(node.left, strength + power)
        right = cls.of(node.right, strength + (not power))
        return cls(left.operands + right.operands, [*left.operators, node.op, *right.operators])

    def tree(self, like):
        """The expression that Python makes of it."""
        operands, operators = list(self.operands), list(self.operators)

        def parse(weakest):
            left = operands.pop(0)
            while operators and STRENGTH[type(operators[0])] >= weakest:
                op = operators.pop(0)
                power = isinstance(op, ast.Pow)
                right = parse(STRENGTH[type(op)] + (not power))
                left = ast.copy_location(ast.BinOp(left, op, right), like)
            return left

        return parse(0)

    def grouped(self, start, stop, like):
        """The chain with brackets around the operands from `start` up to `stop`, without it."""
        inside = Chain(self.operands[start:stop], self.operators[start : stop - 1]).tree(like)
        return Chain(
            [*self.operands[:start], inside, *self.operands[stop:]],
            [*self.operators[:start], *self.operators[stop - 1 :]],
        )

    def opened(self, at):
        """The chain without the brackets around an operand; (chain, number of its operands)."""
        inner = Chain.of(self.operands[at])
        operands = [*self.operands[:at], *inner.operands, *self.operands[at + 1 :]]
        operators = [*self.operators[:at], *inner.operators, *self.operators[at:]]
        return Chain(operands, operators), len(inner.operands)


def elsewhere(node):
    """Expressions that differ from this one by one pair of brackets: one more, one less, or one
    whose beginning or end has moved."""
    chain = Chain.of(node)
    n = len(chain.operands)
    if n < 2:
        return
    for length in range(2, n):
        for start in range(n - length + 1):
            yield chain.grouped(start, start + length, node).tree(node)
    for at in range(n):
        opened, inside = chain.opened(at)
        if inside < 2:
            continue
        yield opened.tree(node)
        total = len(opened.operands)
        for start in range(total):
            for stop in range(start + 2, total + 1):
                moved = (start != at) + (stop != at + inside)
                if moved == 1 and stop - start < total:
                    yield opened.grouped(start, stop, node).tree(node)
