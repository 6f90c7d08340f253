"""What instructors run, on top of nbgrader. Each file is one idea:

__main__   the command line;  options: what can be said;  commands: what is done
course     where things are
convert    nbgrader's converters and gradebook, on this course
release    exercises/ from solutions/
bundle     a zip for students;  search: no solution and no hidden test is in it
grade      submissions → gradebook: intake → run → judge → record, each a room of its own
  crew       who does the work, and what happens when one is lost;  workers: this machine's
  outcome    what became of a submission
  sheet      what goes from room to room
report     who got what and why: tables, CSV for an LMS, a page about the class
doctor     what is there, and what is not
demo       a sample class, generated and graded
"""
