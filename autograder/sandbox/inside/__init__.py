"""What runs within the sandbox. Only the standard library at import, except in shell and warm_up.

linux    system calls that Python lacks
filters  seccomp: which system calls a student's process may not make
landlock which files it may reach
no_bank  the checks without their bank of mistakes, which has right answers in it
warm_up  everything imported and done once
server   the warm process: forks on request, watches what it forked
confine  a fresh fork becomes a place of its own
student  the fork's loop: cells and messages in, outputs out
streams  what is printed
colab    what notebooks from Colab ask for
shell    IPython without a terminal
tree     who belongs to a fork, what they use, how to end them
hostile  what an attacker looks for; bombs: what an attacker wastes
"""
