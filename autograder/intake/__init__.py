"""Stage one: what was handed in, whatever it is, becomes a clean sheet.

    read(course, submission)     the files of one submission → a Sheet for each notebook
    collect(course, source)      a folder, the nbgrader exchange, the zip of an LMS → submissions

What comes from a student: the sources of answers, of cells without marks, and of cells of their
own. What never does: tests, locked cells, the order of the master's cells, metadata, tags, outputs,
and any file beside the notebook.

collection     a delivery into submitted/;  archive: folders and zips that are not trusted
encodings      names that do not say what their bytes mean
layout         who handed in what, told from where an entry lies
registry       which student is which folder;  delivery: a submission into its folder
reading        the files of one submission → sheets;  files: opened with care
parse          the cells of a notebook, out of bytes that may be anything
master         the master of a notebook;  match, assemble: the student's answers put into it
syntax         a cell's source as a syntax tree
integrity      what an instructor should know of;  static_checks: how it is found
"""

from autograder.intake.collection import Collected, Taken, collect
from autograder.intake.reading import read

__all__ = ["Collected", "Taken", "collect", "read"]
