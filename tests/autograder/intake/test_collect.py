"""From a folder, the nbgrader exchange, a Moodle or Canvas zip into submitted/STUDENT/ASSIGNMENT/."""

import io
import os
import stat
import zipfile

import pytest

from autograder.course import Submission, Trouble
from autograder.intake import collect, read
from autograder.intake.collection import LOG

from .conftest import MASTER, ids


def book(paper, text=""):
    paper["shift"]["source"] += f"\n# {text}"
    return paper.bytes()


@pytest.fixture
def lay(tmp_path):
    """lay({"ada/tiny.ipynb": bytes}) → a folder with these files in it."""

    def lay(files, name="from"):
        for path, data in files.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return tmp_path / name

    return lay


@pytest.fixture
def pack(tmp_path):
    """pack({"ada/tiny.ipynb": bytes}) → a zip archive of them."""

    def pack(files, name="from.zip"):
        (tmp_path / name).write_bytes(zipped(files))
        return tmp_path / name

    return pack


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return made.getvalue()


def there(course):
    """What lies in submitted/, less the log."""
    root = course.submitted
    files = [path for path in root.rglob("*") if path.is_file() and path.name != LOG]
    return sorted(path.relative_to(root).as_posix() for path in files)


def told(taken):
    return [(one.student, one.assignment, one.trouble) for one in taken]


ONE = "01_tiny"


@pytest.mark.parametrize(
    "path",
    [
        "ada/01_tiny/tiny.ipynb",
        "01_tiny/ada/tiny.ipynb",
        "01_tiny/ada_tiny.ipynb",
        "ada/tiny.ipynb",
        "ada_tiny.ipynb",
        "ada_homework.ipynb",
        "ada/01_tiny/draft/tiny.ipynb",
        "ada/homework 1.ipynb",
        "inbound/ada+01_tiny+2026-02-03 10:11:12.5 UTC+Xy_9-z/tiny.ipynb",
        "ada+01_tiny+2026-02-03 10:11:12.5 UTC/tiny.ipynb",
    ],
)
@pytest.mark.parametrize("how", ["folder", "zip"])
def test_each_layout_is_known(course, paper, lay, pack, path, how):
    data = paper.bytes()
    source = lay({path: data}) if how == "folder" else pack({path: data})
    (one,) = collect(course, source)
    assert told([one]) == [("ada", ONE, None)]
    assert one.path == course.submitted / "ada" / ONE
    assert (one.path / "tiny.ipynb").read_bytes() == data
    (sheet,) = read(course, Submission("ada", ONE, one.path))
    assert ids(sheet) == MASTER and sheet.notes == []
    expected = "2026-02-03T10:11:12+00:00" if "+" in path else None
    assert sheet.timestamp == expected


MOODLE = {
    "Ada King_1234_assignsubmission_file_/tiny.ipynb": "Ada-King",
    "Ada King_1234_assignsubmission_file/tiny.ipynb": "Ada-King",
    "Ada King_1234_assignsubmission_file_tiny.ipynb": "Ada-King",
    "HW 1/Zoë Ångström-Ng_77_assignsubmission_file_/sub/tiny.ipynb": "Zoë-Ångström-Ng",
    "Teilnehmer_77_assignsubmission_file_/answers.ipynb": "Teilnehmer",
}
CANVAS = {
    "kingada_12345_67890_tiny.ipynb": "kingada",
    "kingada_LATE_12345_67890_tiny.ipynb": "kingada",
    "kingada_12345_67890_tiny-2.ipynb": "kingada",
    "submissions/ångströmzoë_1_2_my_own_name.ipynb": "ångströmzoë",
    "anon_a1B2c_67890_tiny.ipynb": "anon-a1B2c",
    "LATE_anon_a1B2c_67890_tiny.ipynb": "anon-a1B2c",
}


@pytest.mark.parametrize("path", [*MOODLE, *CANVAS])
@pytest.mark.parametrize("inside", [False, True], ids=["plain", "in a zip"])
def test_the_names_of_the_lms_are_known(course, paper, pack, path, inside):
    files = {path: paper.bytes()}
    if inside:
        files = {path[:-6] + ".zip": zipped({"work/tiny.ipynb": paper.bytes()})}
    (one,) = collect(course, pack(files))
    assert told([one]) == [({**MOODLE, **CANVAS}[path], ONE, None)]
    assert one.source == ("Moodle" if path in MOODLE else "Canvas")
    assert there(course) == [f"{one.student}/{ONE}/tiny.ipynb"]
    assert ("late" in one.note) == ("LATE" in path)
    if "LATE" not in path and "anon" not in path:
        assert one.number in ("1234", "77", "12345", "1")


def test_a_whole_class_with_what_else_is_in_such_archives(course, paper, pack):
    data = paper.bytes()
    files = {
        "Ada King_1_assignsubmission_file_/tiny.ipynb": data,
        "Ada King_2_assignsubmission_file_/tiny.ipynb": data,
        "Bob_3_assignsubmission_file_/tiny.ipynb": data,
        "Bob_3_assignsubmission_file_/essay.pdf": b"%PDF",
        "Bob_3_assignsubmission_file_/torch.py": b"raise SystemExit",
        "Bob_3_assignsubmission_file_/timestamp.txt": b"1999-01-01 00:00:00 UTC",
        "Bob_3_assignsubmission_file_/.ipynb_checkpoints/tiny-checkpoint.ipynb": data,
        "Grading worksheet_HW 1.csv": b"a,b",
        "__MACOSX/Bob_3_assignsubmission_file_/._tiny.ipynb": b"\0",
        "Cleo_4_assignsubmission_onlinetext_/onlinetext.html": b"<p>later</p>",
    }
    taken = collect(course, pack(files), ONE)
    assert told(taken) == [
        ("Ada-King-1", ONE, None),
        ("Ada-King-2", ONE, None),
        ("Bob", ONE, None),
        ("Cleo", ONE, None),
    ]
    assert there(course) == [
        "Ada-King-1/01_tiny/tiny.ipynb",
        "Ada-King-2/01_tiny/tiny.ipynb",
        "Bob/01_tiny/essay.pdf",
        "Bob/01_tiny/tiny.ipynb",
        "Cleo/01_tiny/onlinetext.html",
    ]
    bob = taken[2]
    assert "torch.py was left out" in bob.note and "timestamp.txt was left out" in bob.note
    assert (course.submitted / LOG).read_text().count("\n") == 4


def test_of_canvas_the_newest_file_counts(course, paper, pack):
    old, new = book(paper, "old"), book(paper, "new")
    collect(course, pack({"kingada_1_20_tiny-1.ipynb": new, "kingada_1_9_tiny.ipynb": old}))
    assert (course.submitted / "kingada" / ONE / "tiny.ipynb").read_bytes() == new


def test_of_the_exchange_the_newest_submission_counts(course, paper, lay):
    old, new = book(paper, "old"), book(paper, "new")
    source = lay(
        {
            "bo+b+01_tiny+2026-02-03 10:00:00 UTC+a/tiny.ipynb": new,
            "bo+b+01_tiny+2026-02-03 09:00:00 UTC+b/tiny.ipynb": old,
            "eve+09_other+2026-02-03 09:00:00 UTC+b/tiny.ipynb": old,
        }
    )
    one, other = collect(course, source)
    assert one.student == "bo+b" and "Handed in 2 times" in one.note
    assert (one.path / "tiny.ipynb").read_bytes() == new
    assert (one.path / "timestamp.txt").read_text() == "2026-02-03 10:00:00 UTC"
    assert told([other]) == [("eve", None, "there is no assignment 09_other in this course.")]


def test_nbgraders_own_submit_is_understood(course, paper, tmp_path):
    """What `nbgrader submit` writes is collected with its time."""
    from nbgrader.auth import Authenticator
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange.default import ExchangeSubmit
    from traitlets.config import Config

    inbound = tmp_path / "exchange" / course.course_id / "inbound"
    released = tmp_path / "exchange" / course.course_id / "outbound" / ONE
    work = tmp_path / "work" / ONE
    for folder in (inbound, released, work):
        folder.mkdir(parents=True)
    for folder in (released, work):
        (folder / "tiny.ipynb").write_bytes(paper.bytes())
    inbound.chmod(0o733)
    config = Config()
    config.Exchange.root = str(tmp_path / "exchange")
    config.Exchange.cache = str(tmp_path / "cache")
    config.Exchange.assignment_dir = str(work.parent)
    config.CourseDirectory.course_id = course.course_id
    where = CourseDirectory(config=config)
    where.assignment_id, where.student_id = ONE, "ada"
    inbound.parent.chmod(0o755)
    ExchangeSubmit(coursedir=where, config=config, authenticator=Authenticator()).start()
    (one,) = collect(course, tmp_path / "exchange")
    assert told([one]) == [("ada", ONE, None)] and one.source == "nbgrader"
    (sheet,) = read(course, Submission("ada", ONE, one.path))
    assert sheet.timestamp.startswith("20") and ids(sheet) == MASTER


def test_an_earlier_different_one_is_kept_aside_and_the_same_one_left(course, paper, lay):
    first, second = book(paper, "1"), book(paper, "2")
    source = lay({"ada/tiny.ipynb": first})
    collect(course, source)
    (one,) = collect(course, source)
    assert one.note == "It was there already." and there(course) == ["ada/01_tiny/tiny.ipynb"]
    (one,) = collect(course, lay({"ada/tiny.ipynb": second}))
    assert "kept as 01_tiny.earlier-1" in one.note
    assert (course.submitted / "ada" / ONE / "tiny.ipynb").read_bytes() == second
    assert (course.submitted / "ada" / f"{ONE}.earlier-1" / "tiny.ipynb").read_bytes() == first
    assert [s.folder.name for s in course.submissions([ONE])] == [ONE]


def test_one_that_is_newer_stays(course, paper, lay):
    old, new = book(paper, "old"), book(paper, "new")
    collect(course, lay({f"ada+{ONE}+2026-02-03 10:00:00 UTC/tiny.ipynb": new}, "a"))
    (one,) = collect(course, lay({f"ada+{ONE}+2026-02-02 10:00:00 UTC/tiny.ipynb": old}, "b"))
    assert "is newer, and stays" in one.note
    assert (course.submitted / "ada" / ONE / "tiny.ipynb").read_bytes() == new


def test_a_dry_run_says_the_same_and_writes_nothing(course, paper, pack):
    source = pack({"ada/tiny.ipynb": paper.bytes(), "bob/x.ipynb": b"no"})
    dry = collect(course, source, dry_run=True)
    assert not course.submitted.exists()
    assert dry == collect(course, source) and len(there(course)) == 1


def test_only_the_wanted_assignment_is_taken(course, paper, lay):
    source = lay({"ada/01_tiny/tiny.ipynb": paper.bytes(), "ada/02_other/x.ipynb": b"{}"})
    taken = collect(course, source, ONE)
    assert [one.student for one in taken if not one.trouble] == ["ada"]
    with pytest.raises(Trouble, match="there is no assignment 03"):
        collect(course, source, "03")


def test_what_does_not_say_which_assignment_it_is_is_a_sentence(course, lay):
    (one,) = collect(course, lay({"ada/x.ipynb": b"{}"}))
    assert one.trouble == "ada/x.ipynb does not say which assignment it is: name one."
    assert told(collect(course, lay({}), ONE)) == [("ada", ONE, None)]


def test_writing_is_all_or_nothing(course, paper, lay, monkeypatch):
    from autograder.intake import delivery

    first = book(paper, "1")
    collect(course, lay({"ada/tiny.ipynb": first}))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(delivery.os, "fsync", full)
    (one,) = collect(course, lay({"ada/tiny.ipynb": book(paper, "2"), "ada/b.txt": b""}))
    assert "No space left" in one.trouble and one.path is None
    assert there(course) == ["ada/01_tiny/tiny.ipynb"]
    assert (course.submitted / "ada" / ONE / "tiny.ipynb").read_bytes() == first


# archives that are not to be trusted


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


def test_archives_in_archives_in_archives_are_not_opened(course, paper, pack):
    inner = zipped({"tiny.ipynb": paper.bytes()})
    (one,) = collect(course, pack({"ada.zip": zipped({"work.zip": inner})}), ONE)
    assert there(course) == ["ada/01_tiny/work.zip"]
    (sheet,) = read(course, Submission("ada", ONE, one.path))
    assert "tiny.ipynb is missing (found: work.zip)" in sheet.verdict


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
    with pytest.raises(Trouble, match="neither a folder nor"):
        collect(course, tmp_path / "nowhere")
    course.submitted.mkdir(parents=True)
    with pytest.raises(Trouble, match="is where submissions go"):
        collect(course, course.submitted)


def test_names_that_differ_only_in_capitals_do_not_meet(course, paper, pack):
    source = pack({"Ada/tiny.ipynb": paper.bytes(), "ada/tiny.ipynb": b"{}"})
    dry = collect(course, source, ONE, dry_run=True)
    taken = collect(course, source, ONE)
    assert dry == taken
    assert [one.trouble for one in taken] == [
        None,
        "ada and Ada differ only in capitals: rename one of them.",
    ]
    assert there(course) == ["Ada/01_tiny/tiny.ipynb"]


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
    taken = collect(course, pack({"hw/ada/tiny.ipynb": data, "hw/bob/tiny.ipynb": data}))
    assert [one.student for one in taken] == ["ada", "bob"]
