"""nbgrader in the folders of this course: its own commands and formgrader work from here unchanged.

    nbgrader generate_assignment 02_sgd --force     solutions/ → exercises/ and the gradebook
    nbgrader autograde 02_sgd                       autograder/submitted/ → autograder/autograded/
    nbgrader generate_feedback 02_sgd               autograder/autograded/ → autograder/feedback/
    nbgrader export                                 the gradebook as grades.csv

The command `autograder` reads this file too.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# nbgrader calls `alembic`, which lies beside this Python even where no environment is activated
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c = get_config()  # noqa: F821  (nbgrader puts it here)

c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = "my_step"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "autograder/submitted"
c.CourseDirectory.autograded_directory = "autograder/autograded"
c.CourseDirectory.feedback_directory = "autograder/feedback"
c.CourseDirectory.db_url = f"sqlite:///{(HERE / 'autograder' / 'gradebook.db').as_posix()}"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", ".DS_Store", "feedback"]

c.ClearSolutions.text_stub = "*Your answer here.*"

c.Autograde.create_student = True  # a student who hands in is added to the gradebook
c.OverwriteCells.add_missing_cells = True  # a test that was deleted is put back
c.Execute.timeout = 60  # seconds a cell may take
c.Execute.iopub_timeout = 60  # seconds that outputs may lag behind on a busy machine
c.LimitOutput.max_lines = 500  # what a cell printed, kept in the graded notebook
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # the kernel's warnings are not ours
