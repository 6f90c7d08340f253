"""Who is who: what an LMS calls a student → that student's folder in submitted/.

`submitted/.collected.jsonl` has a line for each submission that was taken: where it came from, and what
the student is called there. It is written before the submission is; so a folder never belongs to two.
Only `autograder student` rewrites it.
"""

import contextlib
import json
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder import atomic
from autograder.intake.layout import Place, folder_name

FILE = ".collected.jsonl"


@dataclass(frozen=True)
class Key:
    """What tells one student from another. Two keys are never one folder, unless somebody says so.

    source: an LMS; "" for names that the instructor or the exchange gave.
    number: what the student is called there.
    assignment: if the number is another one in each assignment; else "".
    """

    source: str
    number: str
    assignment: str = ""


def key_of(place: Place, assignment: str) -> Key:
    """The Key of the student whose work a Place is."""
    if place.source in ("folder", "nbgrader"):
        return Key("", place.number)
    return Key(place.source, place.number, assignment if place.of_one_assignment else "")


@dataclass(frozen=True)
class Who:
    """A student as a delivery knows them.

    name: as the delivery writes it.
    source: of the delivery.
    """

    key: Key
    name: str
    source: str


class Registry:
    """What is known of a course's students. Nothing is written until `remember`."""

    def __init__(self, submitted: Path):
        self.submitted, self.path = submitted, submitted / FILE
        self.lines: list[dict[str, Any]] = []
        self.folders: dict[Key, str] = {}
        self.names: dict[Key, str] = {}
        with contextlib.suppress(FileNotFoundError):
            for text in self.path.read_bytes().splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):  # cut off by a power cut
                    line = json.loads(text)
                    key = key_in(line)
                    self.folders[key] = line["student"]
                    self.names[key] = line.get("name") or line["student"]
                    self.lines.append(line)
        there = submitted.iterdir() if submitted.is_dir() else ()
        self.on_disk = {path.name for path in there if not path.name.startswith(".")}

    def known_by_name(self, who: Who) -> list[str]:
        """Folders of students of this name, whom the same LMS numbered for other assignments."""
        name = unicodedata.normalize("NFC", who.name)
        found = {
            self.folders[key]: None
            for key, other in self.names.items()
            if key.source == who.key.source
            and key.assignment not in ("", who.key.assignment)
            and unicodedata.normalize("NFC", other) == name
        }
        return list(found)

    def settle(self, newcomers: Iterable[Who], join: bool) -> dict[Key, str]:
        """A folder for each who has none; two of them never get the same.

        Args:
            join: a name that just one student of another assignment has means that student.

        Returns:
            key → a sentence, where there is something to say of it.
        """
        said: dict[Key, str] = {}
        wanted: dict[str, list[Who]] = defaultdict(list)
        everyone = [who for who in dict.fromkeys(newcomers) if who.key not in self.folders]
        for who in everyone:
            alike = self.known_by_name(who) if join and who.key.assignment else []
            namesakes = [one for one in everyone if one.name == who.name]
            if len(alike) == 1 and len(namesakes) == 1 and self.free_in(alike[0], who.key):
                self.claim(who, alike[0])
            else:
                wanted[comparable(folder_name(who.name))].append(who)
        for several in wanted.values():
            several.sort(
                key=lambda who: (folder_name(who.name) != who.name, who.name, who.key.number)
            )
            for who in several:
                folder, why = self.free_folder(who, len(several) > 1)
                self.claim(who, folder)
                if why:
                    said[who.key] = why
        return said

    def free_in(self, folder: str, key: Key) -> bool:
        """Has this folder no number yet in this key's assignment?"""
        return not any(
            (other.source, other.assignment) == (key.source, key.assignment)
            for other, known in self.folders.items()
            if known == folder
        )

    def claim(self, who: Who, folder: str) -> None:
        self.folders[who.key], self.names[who.key] = folder, who.name

    def free_folder(self, who: Who, namesakes: bool) -> tuple[str, str | None]:
        """A folder's name that is nobody's yet, and why it is another than the student's name."""
        name = folder_name(who.name)
        of_number = folder_name(who.key.number) if who.key.source else ""
        used = {comparable(one) for one in [*self.folders.values(), *self.on_disk]}
        claimed = {comparable(one) for one in self.folders.values()}
        own = not who.key.source and name == who.name
        if own and name in self.on_disk and comparable(name) not in claimed:
            return name, None  # put there by hand, under just this name
        start = f"{name}-{of_number}".strip("-") if of_number and (namesakes or not name) else name
        if start and comparable(start) not in used:
            odd = not who.key.source and start != who.name
            return start, f"{printable(who.name)} was taken as {start}." if odd else None
        base = f"{name}-{of_number}".strip("-") if of_number else name or "student"
        number, folder = 2 if name else 1, base
        while not folder or comparable(folder) in used or (folder == base and not of_number):
            folder, number = f"{base}-{number}", number + 1
        if not name:
            return folder, f"{printable(who.name)} was taken as {folder}."
        other = next((one for one in [*self.folders.values(), *self.on_disk]
                      if comparable(one) == comparable(name)), None)  # fmt: skip
        if other is None:
            return folder, None
        return folder, (
            f"Another student has the folder {other}, so this one has {folder}. If they are one: "
            f"`autograder student merge {folder} {other}`."
        )

    def remember(self, taken: Iterable[tuple[str, Who, str]], origin: str) -> None:
        """Write down (folder, who, assignment) of what is about to be taken. On disk at the end.

        Raises:
            OSError: it cannot be written.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        known = {(line["student"], key_in(line), line["assignment"]) for line in self.lines}
        new = []
        for folder, who, assignment in taken:
            if (folder, who.key, assignment) not in known:
                line = dict(student=folder, assignment=assignment, time=now, origin=origin)
                line |= dict(source=who.source, number=who.key.number, name=who.name)
                line |= dict(scope=who.key.assignment)
                new.append(line)
        if not new:
            return
        self.submitted.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab+") as file:
            if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                file.write(b"\n")
            file.write(b"".join(json.dumps(line).encode() + b"\n" for line in new))
            file.flush()
            os.fsync(file.fileno())
        self.lines += new

    def rename(self, old: str, new: str | None) -> None:
        """A student's folder is called otherwise from now on; None: is nobody's any more."""
        lines = []
        for line in self.lines:
            if line["student"] == old:
                if new is None:
                    continue
                line = {**line, "student": new}
            lines.append(line)
        if lines != self.lines:
            atomic.write(self.path, "".join(json.dumps(line) + "\n" for line in lines))
        self.lines = lines


def key_in(line: dict[str, Any]) -> Key:
    """The Key in a line of the file; `scope` was not written in earlier editions."""
    source, number = line["source"], line.get("number") or line["student"]
    if source in ("folder", "nbgrader"):
        return Key("", line.get("name") or line["student"])
    scope = line.get("scope")
    if scope is None:
        scope = line["assignment"] if source == "Moodle" else ""
    return Key(source, number, scope)


def comparable(name: str) -> str:
    """Equal for names that some file system takes for one: by case, or by how accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def printable(name: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in name)
    return re.sub(r"\s+", " ", text)[:60]
