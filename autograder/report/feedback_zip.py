"""Feedback pages as the zip that Moodle takes back.

In Moodle: the assignment, *View all submissions*, *Upload multiple feedback files in a zip*. Moodle finds
the student by the number in a folder's name, `NAME_NUMBER_assignsubmission_file_/`, which it gave when
the submissions were downloaded, and which `autograder collect` wrote down.
"""

import io
import re
import zipfile
from pathlib import Path

from autograder.atomic import write
from autograder.course import Course, Trouble

ANY_TIME = (2020, 1, 1, 0, 0, 0)  # so that the same pages make the same zip


def write_zip(
    course: Course, assignment: str, path: str | Path, known: dict[tuple[str, str], tuple[str, str]]
) -> tuple[int, list[str]]:
    """Write the zip of an assignment's feedback pages.

    Args:
        known: (student, assignment) → (number, name) in Moodle, as `lms.moodle_numbers` gives it.

    Returns:
        (how many students have a page in it, those who have one but no number).

    Raises:
        Trouble: there is nothing to put in, or it cannot be written.
    """
    packed, inside, unknown = io.BytesIO(), 0, []
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in sorted(course.feedback.glob(f"*/{assignment}")):
            student, pages = folder.parent.name, sorted(folder.glob("*.html"))
            if not pages:
                continue
            if (student, assignment) not in known:
                unknown.append(student)
                continue
            number, name = known[student, assignment]
            for page in pages:
                about = zipfile.ZipInfo(
                    f"{plain_name(name)}_{number}_assignsubmission_file_/{page.name}", ANY_TIME
                )
                about.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(about, page.read_bytes())
            inside += 1
    if not inside:
        raise Trouble(
            f"{assignment}: no page belongs to a student whom Moodle numbered. Fetch the submissions "
            "with `autograder collect` from Moodle's own zip, grade them, then try again."
        )
    write(path, packed.getvalue())
    return inside, unknown


def plain_name(name: str) -> str:
    """A name in which nothing ends a part of the folder's name."""
    return re.sub(r"[_/\\:*?\"<>|\x00-\x1f\ud800-\udfff]", " ", name).strip() or "student"
