"""Stage one: what was handed in, whatever it is, becomes a clean sheet.

    read(course, submission)     the files of one submission → a Sheet for each notebook
    collect(course, source)      a folder, the nbgrader exchange, the zip of an LMS → submissions

What comes from a student: the sources of answers, of cells without marks, and of cells of their
own. What never does: tests, locked cells, the order of the master's cells, metadata, tags, outputs,
and any file beside the notebook.
"""

from autograder.intake.collection import Taken, collect
from autograder.intake.reading import read

__all__ = ["Taken", "collect", "read"]
