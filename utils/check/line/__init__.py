"""The line: the smallest natural edit of the student's own source that makes it right.

find_line              for an optimizer that a check has found wrong
find_line_in_function  for a function
LineFinding            what was found: one `LineEdit`, or two

source       the student's functions: their text, their tree, and how to build them anew
edits        natural edits of an expression: operator, sign, name, factor, …
brackets     the same numbers and operators, with brackets elsewhere
statements   natural edits of a line: where it stands, and what it does with its value
candidates   all single edits, the likeliest first
trial        is a candidate right, and if not, how far does it get?
search       one edit, the same edit twice, two edits; until the time is up
wording      the edit as text: line, kind, before, after
"""

from utils.check.line.search import find_line, find_line_in_function
from utils.check.line.wording import LineEdit, LineFinding

__all__ = ["LineEdit", "LineFinding", "find_line", "find_line_in_function"]
