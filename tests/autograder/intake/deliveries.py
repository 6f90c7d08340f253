"""Deliveries as LMSs, the exchange and people make them, written out of students and what they hand in.

Each layout is a function of a class, and `class_of` is a hypothesis strategy of whole classes: names that
are nearly the same, work at any depth, archives in archives, and names of files that claim to be others'.
"""

import io
import json
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

ONE = "01_tiny"


@dataclass(frozen=True)
class Student:
    """number: the LMS's. login: the system's, or the e-mail address. mark: stands in each of their files."""

    name: str
    number: int
    files: dict[str, bytes] = field(default_factory=dict, hash=False)

    @property
    def login(self) -> str:
        return f"u{self.number}"

    @property
    def mark(self) -> str:
        return f"work-of-{self.number}"


Class = list[Student]
Files = dict[str, bytes]


def flat(student: Student) -> dict[str, bytes]:
    """A student's files without folders: LMSs that take single files have no others."""
    return {path.replace("/", "-"): data for path, data in student.files.items()}


def moodle_name(name: str) -> str:
    """As Moodle's downloader makes a file's name of a person's."""
    return "".join(sign for sign in name.replace("_", " ") if sign not in '/\\<>:"|?*\0') or "x"


def moodle(people: Class) -> Files:
    return {
        f"{moodle_name(one.name)}_{one.number}_assignsubmission_file_/{path}": data
        for one in people
        for path, data in one.files.items()
    }


def moodle_flat(people: Class) -> Files:
    return {
        f"{moodle_name(one.name)}_{one.number}_assignsubmission_file_{path}": data
        for one in people
        for path, data in flat(one).items()
    }


def moodle_blind(people: Class) -> Files:
    return moodle([replace(one, name="Teilnehmer/in") for one in people])


def moodle_groups(people: Class) -> Files:
    return moodle([replace(one, name=f"Group A-{one.name}") for one in people])


def canvas(people: Class) -> Files:
    files = {}
    for one in people:
        name = "".join(sign for sign in one.name.lower() if sign.isalnum()) or "x"
        for number, (path, data) in enumerate(flat(one).items()):
            files[f"{name}_{one.number}_{one.number * 100 + number}_{path}"] = data
    return files


def brightspace(people: Class) -> Files:
    files = {
        f"{one.number}-777 - {moodle_name(one.name)} - Sep 24, 2026 1103 PM/{path}": data
        for one in people
        for path, data in one.files.items()
    }
    return files | {"index.html": b"<html>"}


def blackboard(people: Class) -> Files:
    files = {}
    for one in people:
        start = f"{ONE}_{one.login}_attempt_2026-09-24-11-03-00"
        files |= {f"{start}_{path}": data for path, data in flat(one).items()}
        files[f"{start}.txt"] = f"Name: {one.name}".encode()
    return files


def gradescope(people: Class) -> Files:
    files, list_ = {}, {}
    for one in people:
        key = f"submission_{one.number}"
        files |= {f"assignment_9_export/{key}/{path}": data for path, data in one.files.items()}
        list_[key] = {
            ":submitters": [{":name": one.name, ":email": f"{one.login}@x.edu"}],
            ":created_at": "2026-09-24 11:03:00 -0700",
        }
    return files | {"assignment_9_export/submission_metadata.yml": json.dumps(list_).encode()}


def exchange(people: Class) -> Files:
    return {
        f"inbound/{one.login}+{ONE}+2026-02-03 10:11:12.{one.number} UTC/{path}": data
        for one in people
        for path, data in one.files.items()
    }


def folder_of(name: str) -> str:
    name = "".join(sign for sign in name if sign not in "/\\\0" and ord(sign) >= 32)[:60]
    return "student" if name.strip(". ") == "" or ":" in name[:2] else name


def folders(people: Class) -> Files:
    return {
        f"{folder_of(one.name)}/{path}": data for one in people for path, data in one.files.items()
    }


def folders_of_assignments(people: Class) -> Files:
    return {f"{ONE}/{path}": data for path, data in folders(people).items()}


LAYOUTS: dict[str, Callable[[Class], Files]] = {
    "moodle": moodle, "moodle flat": moodle_flat, "moodle blind": moodle_blind,
    "moodle groups": moodle_groups, "canvas": canvas, "brightspace": brightspace,
    "blackboard": blackboard, "gradescope": gradescope, "exchange": exchange,
    "folders": folders, "folders of assignments": folders_of_assignments,
}  # fmt: skip
BY_NAME = {"folders", "folders of assignments"}  # here a name is all that there is

NAMES = [
    "Ann Lee", "Ann-Lee", "ann lee", "Jon Doe Jr.", "Jon Doe Jr", "Åsa Öberg", "ÅSA ÖBERG",
    unicodedata.normalize("NFD", "Åsa Öberg"), "王伟", "田中太郎", "O'Brien, Pat", "*", "-", "..x",
    "<img src=x onerror=alert(1)>", "bob+01_tiny+2099-01-01 00:00:00", "01_tiny-", "readme", "a_b_c",
    "Straße", "STRASSE", "ﬁ", "fi", "Ann Lee_5", "x" * 70,
]  # fmt: skip
FORGED = [
    "bob+01_tiny+2099-01-01 00:00:00 UTC/tiny.ipynb", "bob_5_999999999_tiny.ipynb",
    "bob/01_tiny/tiny.ipynb", "Bob_5_assignsubmission_file_/tiny.ipynb", "01_tiny/tiny.ipynb",
    "5-777 - Bob - Sep 24, 2026 1103 PM/tiny.ipynb", "submission_5/tiny.ipynb",
    f"{ONE}_bob_attempt_2026-09-24-11-03-00_tiny.ipynb", "inbound/tiny.ipynb",
]  # fmt: skip
PATHS = [
    "tiny.ipynb", "work/tiny.ipynb", "tiny (1).ipynb", "tiny.ipynb.txt", "tiny.json", "answers.ipynb",
    "TINY.IPYNB", *FORGED,
]  # fmt: skip
EXTRA = [
    "essay.pdf",
    "myhelpers.py",
    "data/a.csv",
    "torch.py",
    "timestamp.txt",
    ".DS_Store",
    "b.zip",
]


def works(paper: dict, number: int, path: str, more: list[str], packed: int) -> Files:
    """What a student hands in: a notebook called `path`, other files, and all that in archives."""
    mark = f"work-of-{number}"
    tree = json.loads(json.dumps(paper))
    tree["cells"][4]["source"] += f"\n# {mark}"
    files = {path: json.dumps(tree).encode()}
    for one in more:
        files[one] = zipped({"c.txt": mark.encode()}) if one == "b.zip" else mark.encode()
    for _ in range(packed):
        files = {"work.zip": zipped(files)}
    return files


def zipped(files: Files, names: str = "utf-8") -> bytes:
    """A zip archive. `names` is the encoding of names, which, if not UTF-8, it does not tell."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            info = zipfile.ZipInfo(path)
            if names != "utf-8" and not path.isascii():
                info = Undeclared(path, names)
            archive.writestr(info, data)
    return made.getvalue()


class Undeclared(zipfile.ZipInfo):
    """An entry whose name is in some encoding that the archive does not name."""

    def __init__(self, path: str, names: str):
        super().__init__(path)
        self.filename, self.bytes = path, path.encode(names)

    def _encodeFilenameFlags(self):  # noqa: N802 (zipfile's own name)
        return self.bytes, self.flag_bits & ~0x800


def class_of(paper: dict, most: int = 5) -> st.SearchStrategy[Class]:
    """Classes of 2 to `most` students."""
    one = st.tuples(
        st.sampled_from(NAMES) | st.text(min_size=1, max_size=12),
        st.sampled_from(PATHS),
        st.lists(st.sampled_from(EXTRA), max_size=2, unique=True),
        st.sampled_from([0, 0, 0, 1, 2]),
    )

    def made(rows):
        return [
            Student(name.replace("\0", "").encode("utf-8", "ignore").decode() or "x", 1001 + at,
                    works(paper, 1001 + at, path, more, packed))
            for at, (name, path, more, packed) in enumerate(rows)
        ]  # fmt: skip

    return st.lists(one, min_size=2, max_size=most).map(made)
