"""The asserts of a cell speak like every other check: one message, and no traceback of ours."""

import traceback

import pytest

from utils.check import CheckFailed, check_that


def test_it_says_so_when_all_is_well(capsys):
    with check_that("double", "double is right"):
        assert 1 + 1 == 2
    assert capsys.readouterr().out == "✓ double is right\n"


def test_a_failed_assert_ends_in_its_own_sentence(refused):
    def check():
        with check_that("double", "double is right"):
            raise AssertionError("2 · 2 is 4, but double returned 5")

    error = refused(check)
    assert str(error).splitlines() == ["✗ 2 · 2 is 4, but double returned 5"]
    assert error.finding.check == "double"
    assert error._render_traceback_() == str(error).splitlines()


@pytest.mark.parametrize(
    "fault, words",
    [
        (lambda: 1 / 0, "Division by zero"),
        (lambda: {}["v"], "key is missing"),
        (lambda: undefined, "Unknown name|An unknown name"),  # noqa: F821
        (lambda: int("x"), "Raises ValueError|raises ValueError"),
        (lambda: exit(), "Exit is called"),
    ],
)
def test_another_exception_is_explained_with_the_students_line(refused, fault, words):
    def check():
        with check_that("double", "double is right"):
            fault()

    error = refused(check)
    assert any(word in str(error) for word in words.split("|")), error
    assert error.finding.line is not None and error.finding.line.file == __file__
    assert len(traceback.format_exception(error)) < 12


def test_a_check_inside_keeps_its_own_message_and_ctrl_c_is_ctrl_c():
    with pytest.raises(CheckFailed, match="of its own"), check_that("x", "y"):
        raise CheckFailed("of its own")
    with pytest.raises(KeyboardInterrupt), check_that("x", "y"):
        raise KeyboardInterrupt
