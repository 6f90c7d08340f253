"""What came out: who got what and why, as a table, as CSV, as a page about the class.

results     the gradebook and what grading noted: one `Result` a submission
reasons     why marks were lost, in sentences, from a graded notebook
terminal    a table for a terminal
lms         CSV: plain, for Canvas, for Moodle;  roster: what an LMS exported, read and matched
feedback_zip  feedback pages as the zip that Moodle takes back
class_page  the class page, one offline HTML file;  markup, parts, chart: its pieces
"""

from autograder.report.class_page import write_page
from autograder.report.lms import FORMATS, collected, on_roster, write_csv
from autograder.report.reasons import reasons
from autograder.report.results import Result, registered, results, scores
from autograder.report.terminal import table

__all__ = [
    "FORMATS",
    "Result",
    "collected",
    "on_roster",
    "reasons",
    "registered",
    "results",
    "scores",
    "table",
    "write_csv",
    "write_page",
]
