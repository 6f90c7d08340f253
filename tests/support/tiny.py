"""The tiny assignment that most tests grade: two questions, of 2 and 1 points."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

DOUBLE = """\
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
DOUBLE_TEST = """\
assert double(2) == 4, "double(2) is 4\\nand not something else"
### BEGIN HIDDEN TESTS
assert double(3) == 6, "double(3) is 6"
### END HIDDEN TESTS"""
HALF = """\
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION"""
HALF_TEST = 'assert half(3) == 1.5, "half(3) is 1.5"'


def mark(cell, **what):
    defaults = dict(grade=False, solution=False, locked=False, task=False, schema_version=3)
    cell.metadata.nbgrader = {**defaults, "grade_id": cell.id, **what}
    return cell


def source():
    """The source notebook, with its solutions and hidden tests."""
    test = dict(grade=True, locked=True)
    return new_notebook(
        cells=[
            new_markdown_cell("# Tiny", id="title"),
            mark(new_code_cell(DOUBLE, id="double"), solution=True),
            mark(new_code_cell(DOUBLE_TEST, id="double-test"), points=2, **test),
            mark(new_code_cell(HALF, id="half"), solution=True),
            mark(new_code_cell(HALF_TEST, id="half-test"), points=1, **test),
        ],
        metadata=dict(
            kernelspec=dict(name="python3", display_name="Python 3", language="python"),
            language_info=dict(name="python"),
        ),
    )
