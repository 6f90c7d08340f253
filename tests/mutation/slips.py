"""Single slips in a piece of source, made on its text, token by token.

This is written without regard to how the check looks for mistakes, and shares no code with it.
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """One slip.

    kind: what was done, in a word or two.
    line: the number of the line in which it was done, from 1 on.
    old, new: that line, before and after.
    source: the whole text with the slip in it.
    """

    kind: str
    line: int
    old: str
    new: str
    source: str


OPERATORS = {
    "+": "-*",
    "-": "+*",
    "*": ["/", "**", "+"],
    "/": "*-",
    "**": ["*", "+"],
    "@": "*",
    "+=": ["-=", "="],
    "-=": ["+=", "="],
    "*=": ["/=", "="],
    "/=": ["*="],
    "<": [">", "<="],
    ">": ["<", ">="],
    "<=": [">=", "<"],
    ">=": ["<=", ">"],
    "==": ["!="],
    "!=": ["=="],
}
WORDS = {
    "add_": ["sub_", "copy_", "mul_"],
    "add": ["sub", "mul"],
    "sub_": ["add_", "copy_"],
    "sub": ["add"],
    "mul_": ["div_", "add_"],
    "mul": ["div"],
    "div_": ["mul_"],
    "div": ["mul"],
    "addcmul_": ["addcdiv_"],
    "addcdiv_": ["addcmul_"],
    "sqrt": ["square", "abs"],
    "square": ["sqrt", "abs"],
    "abs": ["square"],
    "sign": ["abs"],
    "maximum": ["minimum"],
    "minimum": ["maximum"],
    "max": ["min"],
    "min": ["max"],
    "zeros_like": ["ones_like"],
    "in": ["not in"],
}
NUMBERS = {"0": ["1"], "1": ["0", "2"], "2": ["1", "3"], "3": ["2"], "0.5": ["2", "1"]}
KEPT = {"self", "state", "group", "params", "torch", "math", "super", "dict", "p"}


def slips(source):
    """All single slips of a class: a list of `Slip`s, each of which is Python, none twice."""
    source = source.strip("\n") + "\n"
    found, seen = [], {meaning(source)}
    for kind, line, text in every_slip(source):
        same = meaning(text)
        if same is None or same in seen:
            continue
        seen.add(same)
        old = source.splitlines()[line - 1]
        now = text.splitlines()
        new = now[line - 1] if len(now) == source.count("\n") else "(another number of lines)"
        found.append(Slip(kind, line, old.strip(), new.strip(), text))
    return found


def meaning(source):
    """The tree as text: two sources with the same one differ in spaces and brackets only."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def every_slip(source):
    lines = source.splitlines()
    start = next(i for i, line in enumerate(lines, 1) if "super().__init__" in line)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    in_steps = [i for i, t in enumerate(tokens) if t.start[0] > start and t.string.strip()]
    names = names_of([tokens[i] for i in in_steps])
    keys = sorted({t.string for t in tokens if t.type == tokenize.STRING and t.string.isascii()})
    spans = Text(source)
    for i in in_steps:
        token = tokens[i]
        line, text = token.start[0], token.string
        if "def " in lines[line - 1]:
            continue
        before, after = tokens[i - 1].string, tokens[i + 1].string

        def put(new, token=token):
            return spans.replace(token.start, token.end, new)

        if token.type == tokenize.OP:
            unary = text == "-" and before in "(,=[" or before == "return"
            for new in OPERATORS.get(text, ()) if not unary else ():
                yield "operator", line, put(new)
            if unary:
                yield "sign", line, put("")
            if text == "=" and before in ("alpha", "value") and after != "-":
                yield "sign", line, put("=-")
            if text in "+-*/" and not unary:
                yield from without_operand(spans, tokens, i)
            if text == "(" and not is_call(tokens, i):
                close = matching(tokens, i)
                yield "brackets", line, spans.replace_all([(token, ""), (tokens[close], "")])
            if text == "," and after in ("alpha", "value"):
                close = end_of_argument(tokens, i + 1)
                yield "keyword", line, spans.replace(token.start, tokens[close].start, "")
            if text == "." and tokens[i + 2].string == "(" and before not in ("torch", "math"):
                close = matching(tokens, i + 2)
                yield "call left out", line, spans.replace(token.start, tokens[close].end, "")
                bare = tokens[i + 1].string
                if before not in (")", "]") and close == i + 3:
                    yield from around_more(spans, tokens, i, close, bare)
        elif token.type == tokenize.NUMBER:
            for new in NUMBERS.get(text, [f"{float(text) / 2:g}"]):
                yield "number", line, put(new)
            if text == "1" and after == "-":
                yield "1 - left out", line, spans.replace(token.start, tokens[i + 1].end, "")
        elif token.type == tokenize.STRING and before == "[":
            for new in keys:
                if new != text:
                    yield "key", line, put(new)
        elif token.type == tokenize.NAME:
            if before == "." and after == "(" or text in ("in", "maximum", "minimum", "max", "min"):
                for new in WORDS.get(text, ()):
                    yield "method", line, put(new)
            if before == "." and after == "(" and tokens[i - 2].string not in ("torch", "math"):
                bare = text.removesuffix("_")
                if text != "__init__" and text.endswith("_"):
                    yield "underscore", line, put(bare)
                elif text in ("add", "sub", "mul", "div", "sqrt", "square", "abs"):
                    yield "underscore", line, put(text + "_")
            if text in names and before != "." and after != "=":
                for new in names:
                    if new != text:
                        yield "name", line, put(new)
            if text == "grad" and before == ".":
                yield "name", line, spans.replace(tokens[i - 1].start, token.end, "")
            if text == "not":
                yield "not", line, put("")
            if text == "state" and before != "." and after == "[":
                yield "self for state", line, put("self.__dict__")
            if text == "group" and after == "[":
                yield "defaults for group", line, put("self.defaults")
    yield from lines_slipped(lines, start)
    yield from written_otherwise(source, start)


def names_of(tokens):
    """Names that are given a value in these lines, and `p.grad`'s alias among them."""
    found = []
    for one, two in zip(tokens, tokens[1:], strict=False):
        if one.type == tokenize.NAME and two.string in ("=", ",", "+=") and one.string not in KEPT:
            found.append(one.string)
    words = {"alpha", "value", "lr", "min", "max", "dim", "end", "out"}
    assigned = {t.string for t, u in zip(tokens, tokens[1:], strict=False) if u.string == "="}
    kept = [n for n in dict.fromkeys(found) if n in assigned or n.startswith("beta")]
    return [n for n in kept if n not in words or n == "lr"]


class Text:
    """A source in which parts are replaced."""

    def __init__(self, source):
        self.lines = source.splitlines(True)

    def at(self, place):
        row, column = place
        return sum(map(len, self.lines[: row - 1])) + column

    def replace(self, start, end, new):
        text = "".join(self.lines)
        return text[: self.at(start)] + new + text[self.at(end) :]

    def replace_all(self, pairs):
        text = "".join(self.lines)
        for token, new in sorted(pairs, key=lambda pair: self.at(pair[0].start), reverse=True):
            text = text[: self.at(token.start)] + new + text[self.at(token.end) :]
        return text


def is_call(tokens, i):
    before = tokens[i - 1]
    return (
        before.string in ")]"
        or before.type == tokenize.NAME
        and before.string
        not in (
            "return",
            "in",
            "not",
            "if",
            "and",
            "or",
            "else",
        )
    )


def matching(tokens, i):
    """Where the bracket that opens at i is closed."""
    depth = 0
    for j in range(i, len(tokens)):
        depth += tokens[j].string in tuple("([{")
        depth -= tokens[j].string in tuple(")]}")
        if depth == 0:
            return j
    raise ValueError("no such bracket")


def end_of_argument(tokens, i):
    depth = 0
    for j in range(i, len(tokens)):
        text = tokens[j].string
        if depth == 0 and text in (",", ")"):
            return j
        depth += text in tuple("([{")
        depth -= text in tuple(")]}")
    raise ValueError("no such bracket")


def operand_after(tokens, i):
    """The end of the operand that starts after token i: a name, number or bracket with all that
    hangs on it."""
    j = i + 1
    if tokens[j].string == "-":
        j += 1
    if tokens[j].string == "(":
        j = matching(tokens, j)
    while tokens[j + 1].string in (".", "(", "[", "**"):
        j += 1
        if tokens[j].string in ("(", "["):
            j = matching(tokens, j)
        elif tokens[j].string == "." or tokens[j].string == "**":
            j += 1
            if tokens[j].string == "(":
                j = matching(tokens, j)
    return j


def without_operand(spans, tokens, i):
    """a * b without `* b`, and without `a *` where a is one token."""
    end = operand_after(tokens, i)
    line = tokens[i].start[0]
    yield "left out", line, spans.replace(tokens[i].start, tokens[end].end, "")
    one = tokens[i - 1]
    if one.type in (tokenize.NAME, tokenize.NUMBER) and tokens[i - 2].string in (
        "=",
        "(",
        ",",
        "return",
    ):
        yield "left out", line, spans.replace(one.start, tokens[i + 1].start, "")


def around_more(spans, tokens, i, close, function):
    """x.sqrt() + y becomes (x + y).sqrt()."""
    if tokens[close + 1].string in ("+", "*", "/", "-"):
        end = operand_after(tokens, close + 1)
        text = "".join(spans.lines)
        start = i - 1
        while tokens[start - 1].string == "." or tokens[start].string == "]":
            start -= 1
        a, b = spans.at(tokens[start].start), spans.at(tokens[i].start)
        c, d = spans.at(tokens[close].end), spans.at(tokens[end].end)
        new = f"{text[:a]}({text[a:b]}{text[c:d]}).{function}(){text[d:]}"
        yield "inside for outside", tokens[i].start[0], new


def lines_slipped(lines, start):
    """Two lines in each other's place, a line left out, a line in or out of its block."""

    def indent(line):
        return len(line) - len(line.lstrip())

    for i in range(start, len(lines)):
        line = lines[i]
        if not line.strip() or line.lstrip().startswith(("def ", '"""', "@", "#")):
            continue
        rest = lines[:i] + lines[i + 1 :]
        yield "line left out", i + 1, "\n".join(rest) + "\n"
        if i + 1 < len(lines):
            swapped = lines[:i] + [lines[i + 1], line] + lines[i + 2 :]
            if indent(line) == indent(lines[i + 1]):
                yield "lines swapped", i + 1, "\n".join(swapped) + "\n"
        if indent(line) > 8:
            out = lines[:i] + [line.replace("    ", "", 1)] + lines[i + 1 :]
            yield "indentation", i + 1, "\n".join(out) + "\n"
        deeper = lines[:i] + ["    " + line] + lines[i + 1 :]
        yield "indentation", i + 1, "\n".join(deeper) + "\n"


OTHERWISE = (  # pattern in a line → what students write instead
    (r"\.clone\(\)", "", "clone left out"),
    (r"torch\.zeros_like\(p\)", "p.grad.clone()", "another start"),
    (r"torch\.zeros_like\(p\)", "p.clone()", "another start"),
    (r"^(\s*)p\.(add|sub|mul)_\(", r"\1p = p.\2(", "not in place"),
    (r"^(\s*)p\.(add|sub|mul)_\(", r"\1p.data = p.\2(", "not in place"),
    (r'^(\s*)state\["(\w+)"\] = ', r"\1\2 = ", "not stored"),
    (r'^(\s*)state\["(\w+)"\] = ', r"\1self.\2 = ", "not stored"),
    (r"^(\s*)(\w+) -= ", r"\1\2 = \2 - ", "not in place"),
    (r"^(\s*)(\w+) \+= ", r"\1\2 = \2 + ", "not in place"),
    (r"^(\s*)(\w+), (\w+) = ", r"\1\3, \2 = ", "order"),
    (r"\((\w+), (\w+)\)", r"(\2, \1)", "order"),
    (r"if (.*):$", r"if not (\1):", "not"),
    (r"\b1 - (\w+)\*\*", r"(1 - \1)**", "brackets"),
    (r"(\w+)\.sqrt\(\)", r"\1", "root left out"),
    (r"(\w+)\.square\(\)", r"\1", "square left out"),
    (r"(\w+) \* \1\b", r"\1", "square left out"),
    (r"(\w+)\*\*2", r"\1", "square left out"),
    (r"alpha=", "value=", "another keyword"),
    (r"p\.grad\b", "p.grad.sum()", "one for all entries"),
    (r"p\.grad\b", "p.grad.abs()", "the sign is lost"),
)


def written_otherwise(source, start):
    lines = source.splitlines()
    for i in range(start, len(lines)):
        for pattern, new, kind in OTHERWISE:
            for found in re.finditer(pattern, lines[i]):
                changed = lines[i][: found.start()] + found.expand(new) + lines[i][found.end() :]
                yield kind, i + 1, "\n".join([*lines[:i], changed, *lines[i + 1 :]]) + "\n"
