"""A page for each student, from the graded notebook, with what was added by hand."""

from autograder.convert import convert


def feedback(course, submission):
    """Write the feedback page of one graded submission.

    Returns:
        the folder it is in.
    """
    from nbgrader.converters import GenerateFeedback

    convert(course, GenerateFeedback, submission.assignment, submission.student)
    return course.feedback / submission.student / submission.assignment
