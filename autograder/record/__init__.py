"""Stage four: one writer puts what came out into the gradebook and onto pages.

recorder        one result: into the gradebook, and onto pages
gradebook       what stock nbgrader would write, in one transaction;  marks: its data
graded_notebook the graded notebook, as formgrader expects it
feedback_page   what the student gets
sanitize        what a student's code showed, made harmless, with
                safe_html (tags put together anew), safe_markdown (text cells), pictures
journal         what has been done, what was run and is not written yet, and who is at it

A submission that has a verdict (nothing could be graded) is shown as nbgrader shows what waits for a
person: no automatic score, marked for grading by hand, the verdict as comment on every answer. A
score that a person gives it then stays. It counts 0 until somebody has looked.
"""

from autograder.record.recorder import Unwritten, feedback, record

__all__ = ["Unwritten", "feedback", "record"]
