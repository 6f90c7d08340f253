"""What instructors run, on top of nbgrader. Each file is one idea:

__main__      the command line;  options: what can be said;  commands: what is done
course        where things are
nbgrader_api  nbgrader's converters and gradebook, on this course
release       exercises/ from solutions/
bundle        a zip for students;  leaks: no solution and no hidden test is in it
grade         submissions → gradebook: intake → sandbox and judge → record, each a room of its own
  scheduler   who does the work, and what happens when a worker is lost;  pool: this machine's workers
  outcome     what became of a submission
  model       what goes from room to room
  bridge      between the judge and the student's process
students      rename, merge, remove a student, and keep the grades
report        who got what and why: tables, CSV for an LMS, a page about the class
doctor        what is there, and what is not
demo          a sample class, generated and graded
hidden_tests  what of a test students do not have, and what they read of it when it fails
torch_modules what of torch.optim is no optimizer
plain_text    text that a student may have written, made fit for a line on a screen
log           what grading did, a line each, for a person to read
atomic        a file that is at every moment either the old one or the new one
"""
