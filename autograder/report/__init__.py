"""What came out: who got what and why, as a table, as CSV, as a page about the class.

book       the gradebook and what grading noted: one `Result` a submission
why        why marks were lost, in sentences, from a graded notebook
terminal   a table for a terminal
lms        CSV: plain, for Canvas, for Moodle;  roster: what an LMS exported, read and matched
page       the class page, one offline HTML file;  markup, chart: its parts
"""

from autograder.report.book import Result, results, scores
from autograder.report.lms import FORMATS, collected, write_csv
from autograder.report.page import write_page
from autograder.report.terminal import table
from autograder.report.why import reasons

__all__ = [
    "FORMATS",
    "Result",
    "collected",
    "reasons",
    "results",
    "scores",
    "table",
    "write_csv",
    "write_page",
]
