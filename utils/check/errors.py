"""Exceptions from a student's code, explained, with the student's own line marked."""

import difflib
import linecache
import os
import re
import sysconfig
import traceback

import torch

import utils.optim
from utils.check.compare import text
from utils.check.finding import NO_ANSWER, NO_STEP, Line
from utils.check.guard import Stopped
from utils.check.situations import NoOptimizer, Situation

NOT_THEIRS = tuple(
    os.path.realpath(folder) + os.sep
    for folder in (
        os.path.dirname(utils.__file__),
        os.path.dirname(torch.__file__),
        sysconfig.get_paths()["stdlib"],
        sysconfig.get_paths()["purelib"],
    )
)

# type, pattern in the message → name, what it means, hints. {0} is the first group of the pattern.
TABLE = (
    (
        NoOptimizer,
        r"a NoneType",
        "nothing is returned",
        "The function that makes the optimizer returns nothing.",
        ("Is there a `return` at its end?",),
    ),
    (
        NoOptimizer,
        r"",
        "not a torch optimizer",
        "What was made has no `step`, `param_groups`, `state` and `state_dict`, as torch's have.",
        ("Derive your class from `Optim` (or torch's `Optimizer`) and call `super().__init__`.",),
    ),
    (
        ValueError,
        r"no parameters|empty parameter list",
        "the parameters are used up",
        "`model.parameters()` is a generator: it can be gone through once, and nothing is left of it "
        "for `super().__init__`.",
        (
            "Does your constructor go through `params` before it hands them on?",
            "Call `super().__init__(params, ...)` first; the parameters are in `self.param_groups`.",
        ),
    ),
    (
        RuntimeError,
        r"gave the parameter new memory",
        "p.data is rebound",
        "`p.data = ...` gives the parameter new memory instead of changing the numbers in it.",
        ("Change p in place: `p.add_(...)`, `p.sub_(...)` or `p.copy_(...)`.",),
    ),
    (
        RuntimeError,
        r"leaf Variable that requires grad",
        "autograd is on",
        "p is a leaf that requires a gradient; autograd does not let it change in place.",
        ("Do the step without autograd: `@torch.no_grad()` above it.",),
    ),
    (
        RuntimeError,
        r"does not require grad and does not have a grad_fn",
        "backward inside the step",
        "There is nothing to differentiate here: the gradient is already in `p.grad`.",
        ("Leave out `backward()`: the training loop calls it, not the optimizer.",),
    ),
    (
        RuntimeError,
        r"size of tensor a \((\d+)\)|doesn't match the broadcast shape|shapes? .*mismatch"
        r"|mat1 and mat2|must be broadcastable|inconsistent tensor size",
        "shapes do not fit",
        "Two tensors of different shapes are combined. All that belongs to p has the shape of p.",
        (
            "Is there one buffer for all parameters, on `self` or in a global? Each parameter has "
            "its own `state`.",
            "Make buffers with `torch.zeros_like(p)`, and use `*`, not `@`.",
        ),
    ),
    (
        RuntimeError,
        r"result type \w+ can't be cast|expected dtype|expected scalar type|same dtype"
        r"|must have the same (scalar type|dtype)|dtypes? .*(match|equal)",
        "types do not fit",
        "Two tensors of different number types are combined in place.",
        ("Make buffers with `torch.zeros_like(p)`: then they have the type of p.",),
    ),
    (
        RuntimeError,
        r"can't allocate memory|out of memory",
        "out of memory",
        "The code asks for more memory than there is.",
        ("Does something in `state` grow from step to step?",),
    ),
    (
        RuntimeError,
        r"Boolean value of Tensor",
        "a tensor as a condition",
        "A tensor with several numbers is neither true nor false.",
        ('To ask whether something exists: `if "v" not in state`, `if p.grad is None`.',),
    ),
    (
        TypeError,
        r"my_step\(\) (?:takes|missing|got)",
        "my_step has another signature",
        "my_step is called as `my_step(p, state, group)`, and yours does not take that.",
        ("The head of the method is `def my_step(self, p, state, group):`.",),
    ),
    (
        AttributeError,
        r"'(int|float)' object has no attribute '(\w+_)'",
        "an in-place operation on a number",
        "`.{1}(...)` changes a tensor in place, but here it is called on a plain number ({0}).",
        ("Was the buffer started with 0? Start it with `torch.zeros_like(p)`.",),
    ),
    (
        AttributeError,
        r"'dict' object has no attribute '(\w+)'",
        "state and group are dicts",
        "`state` and `group` are dicts, so what is in them is read with brackets.",
        ('Write `["{0}"]` in place of `.{0}`.',),
    ),
    (
        AttributeError,
        r"'NoneType' object has no attribute '(\w+)'",
        "something is None",
        "`.{0}` is asked of None. Some functions change a thing and return nothing.",
        ("Which value in this line can be None?",),
    ),
    (
        AttributeError,
        r"'\w+' object has no attribute '(lr|momentum|dampening|weight_decay|alpha|betas|eps)'",
        "a hyper-parameter on self",
        "There is no `{0}` here; the hyper-parameters of p are in `group`.",
        ('Read it from the group: `group["{0}"]`.',),
    ),
    (
        AttributeError,
        r"'\w+' object has no attribute '(\w+)'",
        "no such attribute",
        "There is no attribute `{0}` here.",
        (
            "If it is something to remember from step to step, keep it in `state`.",
            "If it is a hyper-parameter, read it from `group`.",
        ),
    ),
    (
        TypeError,
        r"'NoneType'",
        "something is None",
        "One of the values in this line is None. Some functions change a thing and return nothing.",
        ("Which value in this line can be None?",),
    ),
    (
        UnboundLocalError,
        r"variable '(\w+)'",
        "a name without a value",
        "`{0}` has no value on this way through your code, for example because only one branch of "
        "an `if` sets it.",
        ("Give `{0}` a value in every branch.",),
    ),
    (
        NameError,
        r"name '(\w+)'",
        "an unknown name",
        "`{0}` is not defined here.",
        ("Is it spelled as where it was set? Hyper-parameters are read from `group`.",),
    ),
    (
        (TypeError, RuntimeError),
        r"unsupported operand type\(s\) for \^=?: .*float|\"bitwise_xor|xor.*(Float|Double)",
        "^ is no power",
        "In Python `^` combines the bits of whole numbers; it is not the power.",
        ("A power is `**`: `beta**t`.",),
    ),
    (
        ZeroDivisionError,
        r"",
        "division by zero",
        "A plain number is divided by zero. 1 − βᵗ is zero while t is 0.",
        ("Count the step before you use t.",),
    ),
    (
        ValueError,
        r"values to unpack",
        "a pair is unpacked wrongly",
        "The number of names on the left is not the number of values on the right.",
        ('`group["betas"]` is a pair: `beta1, beta2 = group["betas"]`.',),
    ),
    (
        RecursionError,
        r"",
        "endless recursion",
        "The code calls itself again and again.",
        ("my_step must not call `step` or itself.",),
    ),
    (
        MemoryError,
        r"",
        "out of memory",
        "The code asks for more memory than there is.",
        ("Does something in `state` grow from step to step?",),
    ),
    (
        SystemExit,
        r"",
        "exit is called",
        "The code calls `exit()`, which would end the whole notebook.",
        ("Leave it out.",),
    ),
    (
        Stopped,
        r"",
        "an endless loop",
        "It did not come to an end, so the check stopped it after a few seconds.",
        (
            "Is there a `while` whose condition never becomes false?",
            "my_step needs no loop: tensor arithmetic works on all entries at once.",
        ),
    ),
)


# The same, for functions, which have no `state`, `group` or `self`.
IN_FUNCTIONS = (
    (
        RuntimeError,
        next(pattern for _, pattern, name, *_ in TABLE if name == "shapes do not fit"),
        "shapes do not fit",
        "Two tensors of different shapes are combined.",
        ("Print the shape of each tensor in this line, and use `*`, not `@`, entry by entry.",),
    ),
    (
        AttributeError,
        r"'(int|float)' object has no attribute '(\w+[^\W_])'",
        "a number is no tensor",
        "`.{1}` is for tensors, and here it is asked of a plain number ({0}).",
        ("For a plain number there is `math`, as in `math.sqrt(x)`; `x ** 0.5` works for both.",),
    ),
    (
        AttributeError,
        r"has no attribute '(\w+[^\W_])'",
        "no such attribute",
        "There is no attribute `{0}` here.",
        ("What is the type of the thing before the dot? Print it.",),
    ),
)


def explain(error, Student, situation, step):
    """What an exception means: (name, sentence, hints).

    Args:
        situation: the `Situation` in which it came up, or None outside of one.
        step: the number of the step; 0 while the optimizer was made.
    """
    if isinstance(error, NotImplementedError) and "bitwise_xor" not in text(error):
        return not_written(error, Student)
    if isinstance(error, KeyError) and error.args:
        return missing_key(error, situation)
    if situation is None:  # a function, which has no `state`, `group` or `self`
        plainly = explain_in_function(error)
        if plainly:
            return plainly
    if step == 0 and isinstance(error, TypeError) and "__init__" in text(error):
        return wrong_constructor(error)
    if isinstance(error, AttributeError) and getattr(error, "name", None) and alike(error):
        return misspelt(error)
    if no_gradient(error, situation, step):
        return (
            "no gradient, no check",
            "A parameter that took no part in the loss has `p.grad is None`, and your step "
            "computes with that None.",
            (
                "Freeze a layer: its parameters never get a gradient. What does your step do then?",
                "Skip such a parameter: `if p.grad is None: continue`.",
            ),
        )
    for kind, pattern, name, says, hints in TABLE:
        found = re.search(pattern, text(error))
        if isinstance(error, kind) and found:
            words = [w for w in found.groups() if w is not None] + ["", ""]
            return name, says.format(*words), tuple(h.format(*words) for h in hints)
    return (
        f"it raises {type(error).__name__}",
        "Python cannot go on from there; the message says why.",
        ("Run this line on its own, with a tensor of your choice, and look at each part of it.",),
    )


def explain_in_function(error):
    """What an exception means where the table speaks of optimizers, or None."""
    says = text(error)
    for kind, pattern, name, meaning, hints in IN_FUNCTIONS:
        found = re.search(pattern, says)
        if isinstance(error, kind) and found:
            return name, meaning.format(*found.groups()), hints
    return None


def no_gradient(error, situation, step):
    missing = isinstance(situation, Situation) and any(t == step for t, _ in situation.missing)
    return missing and "None" in text(error)


def not_written(error, Student):
    if not isinstance(Student, type):
        return (
            NO_ANSWER,
            "`NotImplementedError` is still in its place: write your answer, and remove that line.",
            (),
        )
    methods = [name for name in vars(Student) if name != "step"]  # torch puts a `step` there itself
    close = difflib.get_close_matches("my_step", methods, n=1, cutoff=0.5)
    name = NO_STEP
    last = traceback.extract_tb(error.__traceback__)[-1:]
    if "my_step" in methods and last and last[0].filename == utils.optim.__file__:
        return (
            "super().my_step is called",
            "`super().my_step` is the step of the base class, and that one has none.",
            ("Leave out this line, and write the whole step in your `my_step`.",),
        )
    if "my_step" in methods or line_of(error):
        return name, "There is no step yet: `NotImplementedError` is still in its place.", ()
    if close:
        return (
            "my_step has another name",
            f"The class has no `my_step`, but it has `{close[0]}`.",
            ("The base class calls `my_step`: give your method that name.",),
        )
    return (
        name,
        "The class has no method `my_step`.",
        ("Is `def my_step(self, p, state, group):` there, indented inside the class?",),
    )


def alike(error):
    """An attribute that the object has, with nearly the name that was asked for; else None."""
    try:
        known = [name for name in dir(error.obj) if name[:1] != "_"]
    except BaseException:
        return None
    if error.obj is None or isinstance(error.obj, (int, float, dict)):
        return None  # the name is right, the object is not: see the table
    return next(iter(difflib.get_close_matches(error.name, known, n=1, cutoff=0.75)), None)


def misspelt(error):
    return (
        "a misspelt name",
        f"There is no `{error.name}` here, but there is `{alike(error)}`.",
        (f"Did you mean `{alike(error)}`?",),
    )


def groups_own(error):
    """The names in the dict `group` of the student's line that failed, if there is one."""
    found = []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        group = frame.f_locals.get("group")
        if isinstance(group, dict) and "params" in group:
            found = [name for name in group if isinstance(name, str) and name in HYPER]
    return found


HYPER = ("lr", "momentum", "dampening", "weight_decay", "alpha", "betas", "eps")


def missing_key(error, situation):
    key = error.args[0]
    shown = repr(key) if isinstance(key, str) else "this key"
    if situation is None and key not in HYPER:
        return (
            "a key is missing",
            f"There is no {shown} in the dict.",
            ("Print the keys of the dict just before this line: `print(list(d))`.",),
        )
    own = groups_own(error)
    meant = difflib.get_close_matches(str(key), own or HYPER, n=1, cutoff=0.75)
    if own and not meant and difflib.get_close_matches(str(key), HYPER, n=1, cutoff=0.75):
        return (
            "a hyper-parameter is not in the group",
            f"There is no {shown} here. The group has {', '.join(map(repr, own))}.",
            ("Read the one of these that the equation asks for.",),
        )
    if meant and key not in HYPER:
        return (
            "a misspelt name",
            f"There is no {shown} here, but there may be {meant[0]!r}.",
            (f"Did you mean `group[{meant[0]!r}]`?",),
        )
    if key in HYPER:
        return (
            "a hyper-parameter is not in the group",
            f"The group has no {shown}: only what the constructor gives to `super().__init__` as "
            "defaults is in a group.",
            (f"Put {shown} into the dict of defaults, or read the name that is there.",),
        )
    return (
        "state is empty at first",
        f"There is no {shown} in the dict. `state` is empty before the first step of a parameter.",
        (
            "What is in `state` when my_step sees a parameter for the first time?",
            f"Make it when it is not there: `if {shown} not in state: state[{shown}] = "
            "torch.zeros_like(p)`.",
        ),
    )


def wrong_constructor(error):
    return (
        "the constructor takes other arguments",
        "The class could not be made with the hyper-parameters of this exercise.",
        ("Use the constructor as it was given: same names, same order.",),
    )


def line_of(error):
    """(file, line number) of the last line that is the student's own, or None."""
    found = None
    for frame in traceback.extract_tb(error.__traceback__):
        if is_students(frame.filename):
            found = (frame.filename, frame.lineno)
    return found


def is_students(file):
    """Is a file (or a cell) neither the course's nor a library's?"""
    ours = os.path.realpath(file).startswith(NOT_THEIRS) or file.startswith("<frozen")
    return not ours and file != "<bank of mistakes>"


def quote(error: BaseException) -> Line | None:
    """The student's line that an exception came from, with its neighbours."""
    where = line_of(error)
    return None if where is None else line_at(*where)


def line_at(file: str, number: int) -> Line:
    """A line of a file, or of a cell, with its neighbours; without text where no source is kept."""
    before, text, after = (
        linecache.getline(file, n).rstrip() if n > 0 else "" for n in range(number - 1, number + 2)
    )
    return Line(number, text, before, after, file) if text else Line(number, file=file)


def message(error, room=160):
    """The exception in one line, however much it has to say."""
    if isinstance(error, Stopped):
        return "time is up"
    says = " ".join(text(error).split())
    says = f"{type(error).__name__}: {says}" if says else type(error).__name__
    return says if len(says) <= room else says[: room - 1] + "…"
