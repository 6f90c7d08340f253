"""Archives and names are not to be trusted: what leads elsewhere, is too much or damaged is left out."""

import os
import stat
import zipfile

import pytest

from autograder.course import Trouble
from autograder.intake.archive import NESTED

from .conftest import ONE, book, collect, there, whole, zipped


def entry(name, mode=0, **more):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for key, value in more.items():
        setattr(info, key, value)
    return info


BAD_NAMES = [
    "../../../ada/tiny.ipynb",
    "/etc/ada/tiny.ipynb",
    "C:\\ada\\tiny.ipynb",
    "ada/../../tiny.ipynb",
    "..\\..\\ada\\tiny.ipynb",
    "ada/\x01/tiny.ipynb",
    "ada/" + "x" * 250 + "/tiny.ipynb",
    "/".join(["ada"] * 40) + "/tiny.ipynb",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_paths_that_lead_elsewhere_are_left_out(course, paper, tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry(name), paper.bytes())
        archive.writestr("bob/tiny.ipynb", paper.bytes())
    before = {path for path in tmp_path.rglob("*") if course.root not in path.parents}
    taken = collect(course, tmp_path / "a.zip")
    assert [one.student for one in taken if not one.trouble] == ["bob"]
    (bad,) = [one for one in taken if one.trouble]
    assert "left out" in bad.trouble and "\n" not in bad.trouble
    assert there(course) == ["bob/01_tiny/tiny.ipynb"]
    assert before == {path for path in tmp_path.rglob("*") if course.root not in path.parents}


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_an_archive_are_left_out(course, tmp_path, mode):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry("ada/tiny.ipynb", mode | 0o777), "/etc/passwd")
    (one,) = collect(course, tmp_path / "a.zip")
    assert "not a file: left out" in one.trouble and there(course) == []


def test_links_and_pipes_in_a_folder_are_left_out(course, lay, tmp_path):
    source = lay({"ada/notes.txt": b"x"})
    (source / "ada" / "tiny.ipynb").symlink_to("/etc/passwd")
    (source / "bob").symlink_to("/etc")
    os.mkfifo(source / "pipe.ipynb")
    taken = collect(course, source, ONE)
    assert any("tiny.ipynb is a symbolic link" in (one.trouble or "") for one in taken)
    assert not any("passwd" in path for path in there(course))


def bomb(size=80 << 20):
    return zipped({"tiny.ipynb": b"\0" * size})


def test_a_zip_bomb_is_stopped_while_it_unpacks(course, paper, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/tiny.ipynb", b"\0" * (40 << 20))
        archive.writestr("bob/tiny.ipynb", paper.bytes())
        archive.writestr("eve.zip", bomb())
    taken = collect(course, tmp_path / "a.zip", ONE)
    assert [(one.student, bool(one.trouble)) for one in taken] == [
        ("ada", True),
        ("bob", False),
        ("eve", True),
    ]
    assert "is a zip bomb" in taken[0].trouble and "is a zip bomb" in taken[2].trouble
    assert there(course) == ["bob/01_tiny/tiny.ipynb"]


def test_a_directory_that_lies_about_sizes_helps_no_bomb(course, tmp_path):
    data = bytearray(zipped({"ada/tiny.ipynb": b"\0" * (40 << 20)}))
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")  # the uncompressed size
    (tmp_path / "a.zip").write_bytes(data)
    (one,) = collect(course, tmp_path / "a.zip")
    assert one.trouble and there(course) == []


def test_all_of_one_submission_is_limited_too(course, paper, pack, monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules["autograder.intake.collection"], "EACH", 100_000)
    files = {f"ada/{i}.txt": os.urandom(30_000) for i in range(9)}
    taken = collect(course, pack({**files, "bob/tiny.ipynb": paper.bytes()}), ONE)
    assert [(one.student, bool(one.trouble)) for one in taken] == [("ada", True), ("bob", False)]
    assert "far larger than a submission can be" in taken[0].trouble


def test_archives_in_archives_are_opened_but_not_for_ever(course, paper, pack):
    for depth in range(1, 6):
        data = zipped({"tiny.ipynb": paper.bytes()})
        for _ in range(depth - 1):
            data = zipped({"work.zip": data})
        (one,) = collect(course, pack({"ada.zip": data}), ONE)
        if depth <= NESTED:
            assert there(course) == ["ada/01_tiny/tiny.ipynb"] and one.trouble is None
        else:
            assert f"lies in {NESTED} archives" in one.trouble


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_of_one_name_the_last_counts(course, paper, tmp_path):
    new = book(paper, "new")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ada/tiny.ipynb", b"old")
        archive.writestr("ada/tiny.ipynb", new)
    (one,) = collect(course, tmp_path / "a.zip")
    assert "twice" in one.note and (one.path / "tiny.ipynb").read_bytes() == new


def test_an_encrypted_file_is_a_sentence(course, tmp_path, pack):
    data = bytearray(pack({"ada/tiny.ipynb": b"secret"}).read_bytes())
    data[6] |= 1
    data[data.find(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    (one,) = collect(course, tmp_path / "a.zip")
    assert one.trouble == "ada/tiny.ipynb is encrypted: ask for it without a password."


def test_an_unknown_compression_or_a_wrong_checksum_is_a_sentence(course, tmp_path, pack):
    for offset, value in ((10, 99), (16, 1)):
        data = bytearray(pack({"ada/tiny.ipynb": b"x" * 99}).read_bytes())
        at = data.find(b"PK\1\2")
        data[at + offset] = value
        (tmp_path / "a.zip").write_bytes(data)
        (one,) = collect(course, tmp_path / "a.zip", ONE)
        assert "cannot be unpacked" in one.trouble and there(course) == []


def test_a_broken_zip_of_one_student_harms_no_other(course, paper, pack):
    files = {
        "Ada_1_assignsubmission_file_/work.zip": zipped({"tiny.ipynb": paper.bytes()})[:-40],
        "Bob_2_assignsubmission_file_/tiny.ipynb": paper.bytes(),
        "Eve_3_assignsubmission_file_/work.zip": b"no zip",
    }
    for wanted in (ONE, None):
        taken = collect(course, pack(files), wanted, dry_run=True)
        assert [one.student for one in taken] == ["Ada", "Bob", "Eve"]
        assert "damaged" in taken[0].trouble and "damaged" in taken[2].trouble
        assert taken[1].trouble is None


def test_a_source_that_cannot_be_read_at_all_is_trouble(course, paper, tmp_path, pack):
    whole = pack({"ada/tiny.ipynb": paper.bytes()}).read_bytes()
    sources = {
        "cut.zip": (whole[:-30], "is cut off or damaged"),
        "half.zip": (whole[: len(whole) // 2], "is cut off or damaged"),
        "a.tar.gz": (b"\x1f\x8b\x08", "unpack it"),
        "a.txt": (b"hello", "is no zip archive"),
        "empty.zip": (b"", "is no zip archive"),
    }
    for name, (data, text) in sources.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Trouble, match=text):
            collect(course, tmp_path / name)
    with pytest.raises(Trouble, match="is not there"):
        collect(course, tmp_path / "nowhere")
    with pytest.raises(Trouble, match="neither a folder nor"):
        collect(course, "/dev/null")
    with pytest.raises(Trouble, match="there is no week2 in"):
        collect(course, pack({"ada/tiny.ipynb": b""}) / "week2")
    course.submitted.mkdir(parents=True)
    with pytest.raises(Trouble, match="is where submissions go"):
        collect(course, course.submitted)


def test_names_that_differ_only_in_capitals_do_not_meet(course, paper, pack):
    source = pack({"Ada/tiny.ipynb": paper.bytes(), "ada/tiny.ipynb": b"{}"})
    dry = collect(course, source, ONE, dry_run=True)
    taken = collect(course, source, ONE)
    assert dry == taken
    assert [(one.student, one.trouble) for one in taken] == [("Ada", None), ("ada-2", None)]
    assert there(course) == ["Ada/01_tiny/tiny.ipynb", "ada-2/01_tiny/tiny.ipynb"]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Иван Петров", "Иван-Петров"),
        ("李 小龙", "李-小龙"),
        ("O'Brien, Pat", "O'Brien-Pat"),
        ("a*b?c|d<e>", "a-b-c-d-e"),
        ("-rf", "rf"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u202eevil", "evil"),
        ("$(reboot)", "reboot"),
    ],
)
def test_odd_names_become_safe_folders(course, paper, pack, name, folder):
    (one,) = collect(course, pack({f"{name}_5_assignsubmission_file_/tiny.ipynb": paper.bytes()}))
    assert one.student == folder and there(course) == [f"{folder}/01_tiny/tiny.ipynb"]


@pytest.mark.parametrize("name", ["..", "...", " ", "*", "-"])
def test_a_name_of_nothing_is_no_student(course, paper, lay, name):
    source = lay({f"x/{name}_5_assignsubmission_file_/tiny.ipynb": paper.bytes()})
    taken = collect(course, source)
    assert all(one.student not in ("", ".", "..") for one in taken if not one.trouble)
    assert all(path.count("/") == 2 for path in there(course))


def test_names_in_utf_8_that_an_archive_does_not_declare_are_read(course, paper, tmp_path):
    data = zipped({"ZZZ_5_assignsubmission_file_/tiny.ipynb": paper.bytes()})
    (tmp_path / "a.zip").write_bytes(data.replace(b"ZZZ", "Z\u00eb".encode()))
    (one,) = collect(course, tmp_path / "a.zip")
    assert one.student == "Z\u00eb"


def test_a_common_folder_above_all_says_nothing(course, paper, pack):
    data = paper.bytes()
    files = {"hw/ada/tiny.ipynb": data, "hw/bob/tiny.ipynb": data, "hw/readme.txt": b"."}
    taken = collect(course, pack(files, "hw.zip"))
    assert [one.student for one in taken] == ["ada", "bob"]


def test_a_folder_that_may_be_a_student_or_hold_students_is_a_question(course, paper, pack):
    data = paper.bytes()
    source = pack({"hw/ada/tiny.ipynb": data, "hw/bob/tiny.ipynb": data})
    found = whole(course, source)
    assert found.submissions == [] and len(found.left) == 2 and there(course) == []
    assert "Name the one that holds them: …/hw." in found.entries[0][1]
    taken = collect(course, source / "hw")
    assert [one.student for one in taken] == ["ada", "bob"]
