"""Scores as CSV: what Canvas and Moodle import, filled into what they exported, and no formulas."""

import csv

import pytest

from autograder.course import Trouble
from autograder.report import on_roster, write_csv
from autograder.report.results import Result

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,01_tiny (4711),Essay (12),Current Score
,,,,,Manual Posting,,(read only)
    Points Possible,,,,,3,10,(read only)
"Lovelace, Ada",101,S1,ada@x.edu,Lab 1,,7,70
"Hopper, Grace",102,S2,grace,Lab 2,1,8,80
"Student, Test",103,,,Lab 1,,,
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),Feedback comments
Participant 9001,Ada Lovelace,ada@x.edu,Submitted for grading,,3.00,Yes,"Monday, 2 March",
Participant 9002,Grace Hopper,grace@x.edu,No submission,,3.00,Yes,-,old
"""
GRADES = """\
First name,Last name,ID number,Institution,Email address,Assignment: 01_tiny (Real),Course total (Real)
Ada,Lovelace,S1,,ada@x.edu,-,-
Grace,Hopper,S2,,grace@x.edu,-,-
"""


def result(student, assignment="01_tiny", score=2.0, most=3.0, **more):
    return Result(student, assignment, score, most, **more)


@pytest.fixture
def written(tmp_path):
    """written(results, form, roster's text) → (rows, notes)."""

    def write(results, form="plain", roster=None, numbers=None, encoding="utf-8"):
        if roster is not None:
            path = tmp_path / "roster.csv"
            path.write_bytes(roster.encode(encoding))
            roster = path
        out = tmp_path / "out.csv"
        notes = write_csv(results, out, form, roster, numbers)
        with open(out, encoding="utf-8", newline="") as file:
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            return list(csv.reader(file, delimiter=delimiter)), notes

    return write


def test_plain(written):
    rows, notes = written([result("ada", why=["a: b", "c: d"]), result("bob", score=None)])
    assert rows[0] == ["student", "assignment", "score", "max_score", "needs_manual_grade", "why"]
    assert rows[1] == ["ada", "01_tiny", "2", "3", "False", "a: b | c: d"]
    assert rows[2][2] == "" and notes == []


def test_canvas_without_roster(written):
    rows, _ = written([result("ada"), result("ada", "02_more", 5.5, 20.0), result("bob")], "canvas")
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_tiny", "02_more"],
        ["    Points Possible", "", "", "", "", "3", "20"],
        ["ada", "", "", "ada", "", "2", "5.5"],
        ["bob", "", "", "bob", "", "2", ""],
    ]


def test_moodle_without_roster(written):
    rows, _ = written([result("ada", why=["x: y"]), result("bob", "02_more")], "moodle")
    assert rows[0] == ["username", "01_tiny", "01_tiny feedback", "02_more", "02_more feedback"]
    assert rows[1:] == [["ada", "2", "x: y", "", ""], ["bob", "", "", "2", ""]]


@pytest.mark.parametrize(
    "name", ["101", "S1", "s1", "ada@x.edu", "ada", "adalovelace", "lovelaceada"]
)
def test_canvas_roster_finds_a_student(written, name):
    rows, notes = written([result(name)], "canvas", CANVAS)
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_tiny (4711)"],
        ["    Points Possible", "", "", "", "", "3"],
        ["Lovelace, Ada", "101", "S1", "ada@x.edu", "Lab 1", "2"],
        ["Hopper, Grace", "102", "S2", "grace", "Lab 2", ""],
        ["Student, Test", "103", "", "", "Lab 1", ""],
    ]
    assert notes == []


def test_an_assignment_that_canvas_does_not_know_gets_a_column(written):
    rows, _ = written([result("ada", "02_more", 7.0, 20.0)], "canvas", CANVAS)
    assert rows[0][5:] == ["02_more"] and rows[1][5:] == ["20"] and rows[2][5:] == ["7"]


def test_the_number_that_collect_noted_is_surest(written):
    """Two students of one name: the folder of one has Canvas's number in its name."""
    results, numbers = [result("somebody")], {("somebody", "01_tiny"): "102"}
    rows, _ = written(results, "canvas", CANVAS, numbers)
    assert rows[3][5] == "2" and rows[2][5] == ""


@pytest.mark.parametrize("name", ["ada@x.edu", "ada", "9001", "Ada Lovelace", "ada-lovelace"])
def test_moodle_worksheet_comes_back_whole(written, name):
    rows, notes = written([result(name, why=["x: y"])], "moodle", WORKSHEET)
    before = list(csv.reader(WORKSHEET.splitlines()))
    assert rows[0] == before[0] and rows[2] == before[2]
    assert rows[1][:4] == before[1][:4] and rows[1][4] == "2" and rows[1][-1] == "x: y"
    assert rows[1][5:-1] == before[1][5:-1] and notes == []


def test_moodle_worksheet_is_for_one_assignment(written):
    with pytest.raises(Trouble, match="for one assignment: say which one"):
        written([result("ada"), result("ada", "02_more")], "moodle", WORKSHEET)


def test_moodle_grade_export(written):
    rows, _ = written([result("ada", why=["x: y"])], "moodle", GRADES)
    assert rows == [
        ["First name", "Last name", "ID number", "Email address"]
        + ["Assignment: 01_tiny (Real)", "01_tiny feedback"],
        ["Ada", "Lovelace", "S1", "ada@x.edu", "2", "x: y"],
        ["Grace", "Hopper", "S2", "grace@x.edu", "", ""],
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rosters_as_they_come(written, encoding):
    text = CANVAS.replace("Ada", "Åda")
    rows, _ = written([result("ada")], "canvas", text, encoding=encoding)
    assert rows[2][0] == "Lovelace, Åda" and rows[2][5] == "2"


def test_semicolons_and_decimal_commas(written):
    text = CANVAS.replace(",", ";").replace("Lovelace;", "Lovelace,").replace(";10;", ";10,5;")
    rows, notes = written([result("ada", score=2.5)], "canvas", text)
    assert rows[2][5] == "2,5" and rows[0][:2] == ["Student", "ID"] and notes == []


def test_who_is_in_no_row_is_named(written):
    rows, notes = written([result("ada"), result("eve"), result("mallory")], "canvas", CANVAS)
    assert notes == ["not in roster.csv: eve, mallory."] and rows[2][5] == "2"


def test_two_rows_that_fit_are_none(written):
    text = CANVAS + '"Lovelace, Ada",104,S4,other,Lab 1,,,\n'
    rows, notes = written([result("lovelaceada")], "canvas", text)
    assert notes == ["not in roster.csv: lovelaceada."]
    assert [row[5] for row in rows[2:]] == ["", "", "", ""]


def test_two_students_in_one_row_are_refused(written):
    with pytest.raises(Trouble, match="s1 and ada are one row"):
        written([result("ada"), result("s1")], "canvas", CANVAS)


def test_other_points_there_and_open_grades_are_said(written):
    text = CANVAS.replace("Possible,,,,,3", "Possible,,,,,100")
    results = [result("ada", needs_manual_grade=True), result("grace", score=None)]
    rows, notes = written(results, "canvas", text)
    assert "01_tiny: 3 points here, 100 there; scores are not rescaled." in notes
    assert any("ada (01_tiny): not final" in note for note in notes)
    assert rows[1][5] == "100" and rows[3][5] == ""


@pytest.mark.parametrize(
    "name",
    [
        "=cmd|'/C calc'!A0",
        "+1+cmd",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        " =1+1",
        "＝1+1",
        '=HYPERLINK("x")',
    ],
)
@pytest.mark.parametrize("form", ["plain", "canvas", "moodle"])
def test_no_cell_is_a_formula(written, name, form):
    rows, _ = written([result(name, why=[f"{name}: gone"])], form)
    cells = [cell for row in rows[1:] for cell in row]
    assert not any(cell.strip().startswith(tuple("=+-@＝＋－＠")) for cell in cells)
    assert any(cell.startswith("'") and name.strip() in cell for cell in cells)


def test_a_formula_in_the_roster_is_none_either(written):
    rows, _ = written([result("ada")], "canvas", CANVAS.replace('"Hopper, Grace"', "=1+1"))
    assert rows[3][0] == "'=1+1"


def test_negative_numbers_stay_numbers(written):
    rows, _ = written([result("-7")])
    assert rows[1][0] == "-7"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not what Canvas exports"),
        ("Name,Points\nada,3\n", "is not what Canvas exports"),
        ("\0\0\0", "is no CSV file"),
        (WORKSHEET.replace("Identifier", "x").replace("Email address", "y"), "is not what Canvas"),
    ],
)
def test_a_roster_that_is_none(written, text, said):
    with pytest.raises(Trouble, match=said):
        written([result("ada")], "canvas", text)


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(Trouble, match="cannot be read: No such file"):
        write_csv([result("ada")], tmp_path / "x.csv", "canvas", tmp_path / "gone.csv")


def test_a_place_that_cannot_be_written_to(tmp_path):
    for path in (tmp_path / "no" / "x.csv", tmp_path):
        with pytest.raises(Trouble, match="cannot be written"):
            write_csv([result("ada")], path)
    assert list(tmp_path.iterdir()) == []


def test_a_student_with_many_lines_stays_one_row(written):
    rows, _ = written([result('a"b\nc', why=["x\ny, z"])])
    assert rows[1][0] == 'a"b\nc' and rows[1][-1] == "x\ny, z" and len(rows) == 2


GERMAN = """\
ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;Zuletzt geändert;Feedback als Kommentar
Teilnehmer/in 9001;Ada Lovelace;ada@x.edu;Zur Bewertung abgegeben;;3,00;Ja;Montag, 2. März;
Teilnehmer/in 9002;Grace Hopper;grace@x.edu;Keine Abgabe;;3,00;Ja;-;alt
"""
FRENCH = GERMAN.replace("Teilnehmer/in", "Participant").replace(
    "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung",
    "Identifiant;Nom complet;Adresse de courriel;Statut;Note;Note maximale",
)
CHINESE = (
    GERMAN.replace("Teilnehmer/in ", "参与者")
    .replace("E-Mail-Adresse", "邮箱")
    .replace("ID;", "标识符;")
)


@pytest.mark.parametrize("table", [GERMAN, FRENCH, CHINESE])
@pytest.mark.parametrize("numbers", [{}, {("ada", "01_tiny"): "9001"}])
def test_moodles_worksheet_in_any_language(written, table, numbers):
    rows, notes = written([result("ada", why=["a: b"])], "moodle", table, numbers)
    assert rows[0] == table.splitlines()[0].split(";")
    assert (rows[1][4], rows[1][8]) == ("2", "a: b") and notes == []
    assert rows[2] == table.splitlines()[2].split(";")


def test_who_stands_on_the_list_of_the_lms(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(WORKSHEET, encoding="utf-8")
    people = on_roster(path, "moodle", [result("ada")], {})
    assert people == [("ada", "Ada Lovelace"), ("grace@x.edu", "Grace Hopper")]
    path.write_text(CANVAS, encoding="utf-8")
    people = on_roster(path, "canvas", [result("ada")], {})
    assert people[0] == ("ada", "Lovelace, Ada") and people[1] == ("grace", "Hopper, Grace")
