"""A student is renamed, merged, removed by one command; no grade is lost, and nothing is graded again."""

import json

from autograder.record.gradebook import Book
from autograder.record.journal import Journal


def known(course):
    with Book(course) as book:
        return {who: id for (who, _), id in book.submissions().items()}


def journal(course):
    return {who: entry["key"] for (who, _), entry in Journal(course).entries.items()}


def note(course, student, key="k"):
    """What grading notes, beside what `graded` records."""
    from autograder.course import Submission

    one = Submission(student, "01_tiny", course.submitted / student / "01_tiny")
    Journal(course).write(one, key, id=known(course)[student])


def test_a_renamed_student_keeps_grades_folders_and_number(course, graded, hand_in, autograder):
    hand_in("u1")
    graded("u1")
    note(course, "u1")
    line = dict(
        student="u1", assignment="01_tiny", source="Canvas", number="7", name="Ann", scope=""
    )
    (course.submitted / ".collected.jsonl").write_text(json.dumps(line) + "\n")
    before = known(course)["u1"]
    status, out, err = autograder("student", "rename", "u1", "ann")
    assert (status, err) == (0, "") and "u1 is ann now." in out
    assert known(course) == {"ann": before} and journal(course) == {"u1": None, "ann": "k"}
    for place in (course.submitted, course.autograded, course.feedback):
        assert (place / "ann" / "01_tiny").is_dir() and not (place / "u1").exists()
    assert json.loads((course.submitted / ".collected.jsonl").read_text())["student"] == "ann"
    assert "ann" in (course.feedback / "ann" / "01_tiny" / "tiny.html").read_text()
    status, out, _ = autograder("report")
    assert status == 0 and "ann" in out and "u1" not in out


def test_two_are_made_one_and_somebody_says_whose_work_counts(course, graded, hand_in, autograder):
    for name in ("a", "b"):
        hand_in(name)
        graded(name)
    status, _, err = autograder("student", "merge", "a", "b")
    assert status == 1 and "both handed in 01_tiny: say whose counts" in err
    kept = known(course)["a"]
    status, out, _ = autograder("student", "merge", "a", "b", "--keep", "a")
    assert status == 0 and known(course) == {"b": kept}
    assert (course.submitted / "b" / "01_tiny.earlier-1").is_dir()
    assert not (course.submitted / "a").exists() and not (course.autograded / "a").exists()
    assert autograder("report")[0] == 0


def test_what_only_one_of_two_has_goes_over_without_a_question(course, graded, hand_in, autograder):
    hand_in("a")
    graded("a")
    (course.submitted / "b" / "09_other").mkdir(parents=True)
    kept = known(course)["a"]
    assert autograder("student", "merge", "a", "b")[0] == 0
    assert known(course) == {"b": kept} and (course.submitted / "b" / "09_other").is_dir()


def test_a_removed_student_is_gone_and_the_work_is_kept(course, graded, hand_in, autograder):
    for name in ("a", "b"):
        hand_in(name)
        graded(name)
    status, out, _ = autograder("student", "remove", "a")
    assert status == 0 and list(known(course)) == ["b"] and ".removed" in out
    assert (course.submitted / ".removed" / "a" / "01_tiny" / "tiny.ipynb").exists()
    status, out, _ = autograder("report")
    assert status == 0 and "\na " not in out
    assert [one.student for one in course.submissions(["01_tiny"])] == ["b"]


def test_bad_names_are_one_sentence(course, graded, hand_in, autograder):
    for name in ("ann", "bob"):
        hand_in(name)
        graded(name)
    for args, text in {
        ("rename", "anm", "x"): "there is no student anm: did you mean ann?",
        ("rename", "ann", "bob"): "there is a bob already",
        ("rename", "ann", "BOB"): "there is a bob already",
        ("rename", "ann", "../x"): "cannot be a student's name here: x can.",
        ("rename", "ann", ".."): "cannot be a student's name here.",
        ("rename", "ann"): "it is `autograder student rename OLD NEW`",
        ("remove", "ann", "bob"): "it is `autograder student remove STUDENT`",
        ("merge", "ann", "ann"): "are one already",
    }.items():
        status, _, err = autograder("student", *args)
        assert status == 1 and text in err and err.count("\n") == 1, (args, err)
    assert sorted(known(course)) == ["ann", "bob"]
