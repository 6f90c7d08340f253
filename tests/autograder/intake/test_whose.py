"""Who handed in: told by the LMS's number, the exchange's owner, the top folder; each case is a kind."""

import json
import os
import unicodedata

import pytest

from autograder.course import Submission
from autograder.intake import layout
from autograder.record.journal import handed_in

from .conftest import ONE, book, collect, there, whole, zipped
from .deliveries import zipped as zipped_in


def folders(course):
    return sorted({path.split("/")[0] for path in there(course)})


@pytest.mark.parametrize(
    "path",
    [
        "Mal Lory_9_assignsubmission_file_/Bob-Ray+01_tiny+2099-01-01 00:00:00 UTC/tiny.ipynb",
        "Mal Lory_9_assignsubmission_file_/Bob_5_assignsubmission_file_/tiny.ipynb",
        "Mal Lory_9_assignsubmission_file_/bob/01_tiny/tiny.ipynb",
        "bob+01 tiny+2099-01-01 00:00:00_9_assignsubmission_file_/tiny.ipynb",
        "mallory_9_1_bob_5_999999999_tiny.ipynb",
        "mallory_9_1_x_5_assignsubmission_file_tiny.ipynb",
        "mallory/bob_5_999999999_tiny.ipynb",
        "mallory/bob/01_tiny/tiny.ipynb",
        "mallory/inbound/bob+01_tiny+2099-01-01 00:00:00 UTC/tiny.ipynb",
    ],
)
def test_no_name_inside_makes_anybody_another(course, paper, pack, path):
    """Bob's own work, delivered in the same way, stays Bob's."""
    of_bob = {
        "Mal": "Bob_5_assignsubmission_file_/tiny.ipynb",
        "bob": "Bob_5_assignsubmission_file_/tiny.ipynb",
        "mallory_": "bob_5_2_tiny.ipynb",
        "mallory/": "bob/tiny.ipynb",
    }
    bobs = next(where for start, where in of_bob.items() if path.startswith(start))
    work, forged = book(paper, "of bob"), book(paper, "of mallory")
    found = whole(course, pack({bobs: work, path: forged}), ONE)
    (bob,) = [one for one in found.submissions if one.number == "5" or one.student == "bob"]
    assert (bob.path / "tiny.ipynb").read_bytes() == work and not bob.note
    assert len(found.submissions) == 2 and len(folders(course)) == 2


def test_an_exchange_folder_of_another_owner_is_left(course, paper, lay, monkeypatch):
    source = lay({f"inbound/bob+{ONE}+2026-02-03 10:00:00 UTC/tiny.ipynb": paper.bytes()})
    monkeypatch.setattr(layout.os, "getuid", lambda: os.stat(source).st_uid + 1)
    found = whole(course, source)
    ((_, why),) = found.entries
    assert "says that it is bob's, and belongs to" in why and there(course) == []
    course.config.ExchangeCollect.check_owner = False
    try:
        assert [one.student for one in collect(course, source)] == ["bob"]
    finally:
        del course.config["ExchangeCollect"]


def test_two_downloads_of_one_assignment_two_students_of_one_name(course, paper, pack):
    for number in (1001, 1002):
        files = {f"Ann Lee_{number}_assignsubmission_file_/tiny.ipynb": book(paper, str(number))}
        collect(course, pack(files), ONE)
    assert folders(course) == ["Ann-Lee", "Ann-Lee-1002"]
    collect(course, pack({"Ann Lee_1001_assignsubmission_file_/tiny.ipynb": book(paper, "3")}), ONE)
    assert (course.submitted / "Ann-Lee" / f"{ONE}.earlier-1").is_dir()
    assert not (course.submitted / "Ann-Lee-1002" / f"{ONE}.earlier-1").exists()


@pytest.mark.parametrize(
    "names",
    [
        ("Ann Lee", "Ann-Lee"),
        ("Jon Doe Jr.", "Jon Doe Jr"),
        ("Åsa Öberg", "ÅSA ÖBERG"),
        (unicodedata.normalize("NFC", "Åsa"), unicodedata.normalize("NFD", "Åsa")),
    ],
)
@pytest.mark.parametrize("form", ["{}/tiny.ipynb", "{}_{}_assignsubmission_file_/tiny.ipynb"])
def test_names_that_are_nearly_the_same_are_two_folders(course, paper, pack, names, form):
    files = {form.format(one, at): book(paper, one) for at, one in enumerate(names)}
    collect(course, pack(files), ONE)
    assert len({one.casefold() for one in folders(course)}) == 2
    before = there(course)
    collect(course, pack(dict(reversed(files.items()))), ONE)
    assert there(course) == before


def test_a_known_name_with_a_new_number_in_another_assignment_is_a_question(course, paper, pack):
    line = dict(
        student="Ann-Lee", assignment="00_other", source="Moodle", number="1", name="Ann Lee"
    )
    course.submitted.mkdir(parents=True)
    (course.submitted / ".collected.jsonl").write_text(
        json.dumps(line | {"scope": "00_other"}) + "\n"
    )
    source = pack({"Ann Lee_2001_assignsubmission_file_/tiny.ipynb": paper.bytes()})
    (one,) = collect(course, source, ONE)
    assert "--known-names join" in one.trouble and there(course) == []
    (one,) = collect(course, source, ONE, dry_run=True, known_names="apart")
    assert one.student != "Ann-Lee"
    (one,) = collect(course, source, ONE, known_names="join")
    assert one.student == "Ann-Lee"
    assert collect(course, source, ONE)[0].note == "It was there already."


def test_canvas_numbers_hold_throughout(course, paper, pack):
    line = dict(
        student="kingada", assignment="00_other", source="Canvas", number="7", name="kingada"
    )
    course.submitted.mkdir(parents=True)
    (course.submitted / ".collected.jsonl").write_text(json.dumps(line) + "\n")
    (one, other) = collect(course, pack({"kingada_7_1_tiny.ipynb": paper.bytes(),
                                         "kingada_8_2_tiny.ipynb": paper.bytes()}))  # fmt: skip
    assert {one.number: one.student, other.number: other.student} == {
        "7": "kingada", "8": "kingada-8",
    }  # fmt: skip


def test_what_else_is_in_a_delivery_gets_its_sentence(course, paper, pack):
    other = json.loads(paper.bytes())
    for cell in other["cells"]:
        cell["metadata"] = {}
    files = {
        "Ada_1_assignsubmission_file_/tiny.ipynb": paper.bytes(),
        "Ada_1_assignsubmission_file_/tiny-final.ipynb": book(paper, "final"),
        "Ada_1_assignsubmission_onlinetext_/onlinetext.html": b"<p>hello</p>",
        "Bob_2_assignsubmission_file_/tiny.ipynb.txt": paper.bytes(),
        "Cy_3_assignsubmission_file_/tiny.json": paper.bytes(),
        "Di_4_assignsubmission_file_/a.zip": zipped(
            {"b.zip": zipped({"tiny.ipynb": paper.bytes()})}
        ),
        "worksheet.csv": b"a,b",
        "__MACOSX/x": b"",
    }
    found = whole(course, pack(files), ONE)
    said = " ".join(f"{name} {why}" for name, why in found.entries)
    assert "tiny-final.ipynb was left out: of several tiny.ipynb counts." in said
    assert "a text that was typed in" in said and "worksheet.csv does not say who" in said
    assert "nobody's work" in said and found.count == "8 entries: 4 taken, 4 left."
    assert folders(course) == ["Ada", "Bob", "Cy", "Di"]
    assert there(course) == [f"{one}/{ONE}/tiny.ipynb" for one in folders(course)]


def test_what_lay_beside_the_notebook_stays_beside_it(course, paper, pack):
    work = zipped({"w/tiny.ipynb": paper.bytes(), "w/myhelpers.py": b"", "w/data/a.csv": b""})
    collect(course, pack({"ada.zip": work, "bob/tiny.ipynb": paper.bytes()}), ONE)
    mine = [path for path in there(course) if path.startswith("ada/")]
    assert mine == [f"ada/{ONE}/{one}" for one in ("data/a.csv", "myhelpers.py", "tiny.ipynb")]


def test_two_notebooks_that_nothing_tells_apart_are_both_named(course, paper, pack):
    files = {"ada/a/tiny.ipynb": book(paper, "a"), "ada/b/tiny.ipynb": book(paper, "b")}
    (one, _) = collect(course, pack({**files, "bob/tiny.ipynb": paper.bytes()}), ONE)
    assert "a/tiny.ipynb, b/tiny.ipynb may each be tiny.ipynb" in one.trouble


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gbk", "王伟"), ("cp932", "田中太郎"), ("cp437", "Zoë Müller"), ("cp1252", "José Nuñez")],
)
def test_names_in_the_encodings_of_windows_come_out_right(course, paper, tmp_path, encoding, name):
    files = {f"{name}_1_assignsubmission_file_/tiny.ipynb": paper.bytes()}
    (tmp_path / "a.zip").write_bytes(zipped_in(files, encoding))
    assert [one.student for one in collect(course, tmp_path / "a.zip")] == [name.replace(" ", "-")]


def test_names_on_disk_that_are_no_utf_8_stay_two(course, paper, tmp_path):
    for name in (b"\xff\xfe", b"\xfe\xff", b"Zo\xeb"):
        folder = os.path.join(os.fsencode(tmp_path / "in"), name)
        os.makedirs(folder)
        with open(os.path.join(folder, b"tiny.ipynb"), "wb") as file:
            file.write(book(paper, repr(name)))
    taken = collect(course, tmp_path / "in", ONE)
    assert len(taken) == 3 and len(folders(course)) == 3 and all(folders(course))


def test_an_empty_folder_is_told(course, paper, lay):
    source = lay({"bob/tiny.ipynb": paper.bytes()})
    (source / "ada").mkdir()
    found = whole(course, source, ONE)
    assert "ada is an empty folder." in found.left.values()


def test_whatever_one_submission_raises_is_its_own(course, paper, pack, monkeypatch):
    from autograder.intake import collection

    real = collection.deliver

    def deliver(submitted, student, *rest):
        if student == "ada":
            raise RecursionError("deep")
        return real(submitted, student, *rest)

    monkeypatch.setattr(collection, "deliver", deliver)
    files = {"ada/tiny.ipynb": book(paper, "a"), "bob/tiny.ipynb": book(paper, "b")}
    ada, bob = collect(course, pack(files), ONE)
    assert "RecursionError: deep" in ada.trouble and bob.trouble is None
    assert "RecursionError: deep" in (course.autograded.parent / "grade.log").read_text()


def test_a_changed_notebook_in_a_sub_folder_is_a_resubmission(course, paper):
    folder = course.submitted / "ada" / ONE
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "tiny.ipynb").write_bytes(book(paper, "1"))
    before = handed_in(folder)
    assert handed_in(folder) == before
    (folder / "work" / "tiny.ipynb").write_bytes(book(paper, "2"))
    assert handed_in(Submission("ada", ONE, folder).folder) != before
