"""What goes from one stage of grading to the next: plain data, and nothing else.

    intake  bytes → Sheet
    run     a cell's source → Ran
    judge   Sheet → Graded
    record  Graded → gradebook, autograded notebook, feedback page
    report  gradebook → class page, CSV

All of it turns into JSON and back (`to_json`, `from_json`), so a stage can run in another process or
on another machine.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

ANSWER, TEST, GIVEN, FREE, TEXT = "answer", "test", "given", "free", "text"
"""What a cell is for: the student's answer; a test, always the master's; locked, always the
master's; code without marks, as the student left it; and no code."""


@dataclass
class Flag:
    """Something for the instructor to look at. It changes no score.

    kind: a short name, such as "torch.optim called" or "output forged".
    text: one sentence: what was seen, and where.
    """

    kind: str
    text: str


@dataclass
class Cell:
    """One cell of a sheet.

    role: one of ANSWER, TEST, GIVEN, FREE, TEXT.
    kind: "code", "markdown" or "raw".
    origin: "master" or "student": whose source this is.
    points: how many it gives, if it gives any. An ANSWER with points is graded by hand.
    """

    id: str
    role: str
    kind: str
    source: str
    origin: str = "master"
    grade_id: str | None = None
    points: float | None = None
    metadata: dict = field(default_factory=dict)


@dataclass
class Sheet:
    """One notebook that one student handed in, in the master's structure.

    digest: SHA-256 of the bytes that were handed in.
    timestamp: when, as ISO 8601 in UTC; None if nothing says so.
    notes: what had to be put right, a sentence each: harmless things.
    verdict: None; or, if there is nothing that could be graded, why, in one sentence.
    """

    student: str
    assignment: str
    notebook: str
    cells: list[Cell] = field(default_factory=list)
    digest: str = ""
    timestamp: str | None = None
    notes: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    verdict: str | None = None


OK, ERROR, LATE, DIED, SKIPPED = "ok", "error", "time is up", "died", "not run"


@dataclass
class Ran:
    """What became of a cell.

    status: OK; ERROR, an exception; LATE, a limit on time; DIED, the process is gone; SKIPPED.
    outputs: as a notebook holds them (nbformat 4).
    """

    status: str = SKIPPED
    outputs: list = field(default_factory=list)
    execution_count: int | None = None
    seconds: float = 0.0


@dataclass
class Score:
    """What a test gave.

    score: None if somebody has to look at it.
    why: what the test said if points were lost.
    raised: the name of the exception that ended it, or "".
    finding: what a check found, as `utils.check.finding.Finding.to_json` gives it; or None.
    unwritten: is there no answer yet?
    hidden: did it fail in a part that students do not have?
    mistakes: their names, as a check of utils.check knows them.
    """

    score: float | None
    most: float
    why: str = ""
    mistakes: list[str] = field(default_factory=list)
    raised: str = ""
    finding: dict | None = None
    unwritten: bool = False
    hidden: bool = False


@dataclass
class Graded:
    """A sheet after its tests.

    ran: cell id → what became of it.
    scores: grade_id → its score.
    tier: the name of the sandbox that held.
    seconds: wall time from the first cell to the last.
    trouble: the end of a traceback, if the grader itself stumbled; for the log.
    """

    sheet: Sheet
    ran: dict[str, Ran] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    tier: str = ""
    seconds: float = 0.0
    flags: list[Flag] = field(default_factory=list)
    trouble: str = ""


def to_json(thing: Sheet | Graded) -> str:
    return json.dumps(asdict(thing), ensure_ascii=False)


def from_json(text: str) -> Any:
    """The `Sheet` or `Graded` that `to_json` wrote."""
    data = json.loads(text)
    return graded(data) if "sheet" in data else sheet(data)


def sheet(data: dict[str, Any]) -> Sheet:
    cells = [Cell(**cell) for cell in data["cells"]]
    return Sheet(**{**data, "cells": cells, "flags": flags(data)})


def graded(data: dict[str, Any]) -> Graded:
    return Graded(
        **{
            **data,
            "sheet": sheet(data["sheet"]),
            "ran": {key: Ran(**one) for key, one in data["ran"].items()},
            "scores": {key: Score(**one) for key, one in data["scores"].items()},
            "flags": flags(data),
        }
    )


def flags(data: dict[str, Any]) -> list[Flag]:
    return [Flag(**one) for one in data["flags"]]
