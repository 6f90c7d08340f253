"""What instructors run, on top of nbgrader. Each file is one idea:

__main__   the command line
course     where things are
convert    nbgrader's converters and gradebook, on this course
release    exercises/ from solutions/
grade      submissions → gradebook: intake → run → judge → record, each a room of its own
  crew       workers, and what happens when one is lost;  outcome: what became of a submission
  sheet      what goes from room to room
report     why a submission lost marks; tables, CSV, feedback pages
doctor     what is there, and what is not
demo       a sample class, generated and graded
"""
