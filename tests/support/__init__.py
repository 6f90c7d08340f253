"""What tests of several rooms share.

running        cells of a notebook, run without a kernel
tiny           the small assignment that most tests of the autograder grade
fake_judge     an intake and a judge of a few lines: no sandbox, no bridge
recording      results made up, a submission handed in, the gradebook's rows
markup_attacks what a student may write to make a page act
processes      the children of a process, and whether they are still there
browsing       a playground on a page of its own, in a browser or in Node.js
"""
