"""Exceptions from a student's code, explained, with the student's own line marked."""

import difflib
import inspect
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
        (TypeError, AttributeError),
        r"defaults must be a dict|'(?:float|int|tuple|list|set)' object has no attribute "
        r"'(?:items|get|setdefault|keys)'",
        "the defaults are no dict",
        "`super().__init__` takes the parameters and a dict of hyper-parameters.",
        ("Hand over a dict with names: `super().__init__(params, dict(lr=lr))`.",),
    ),
    (
        TypeError,
        r"(add|sub)_?\(\) takes 1 positional argument but 2 were given",
        "a factor without its name",
        "`{0}` takes one tensor; a factor for it is given by name.",
        ("Write `alpha=`: `x.{0}_(y, alpha=0.1)` is x ← x ± 0.1 y.",),
    ),
    (
        TypeError,
        r"(addcmul|addcdiv)_?\(\) takes 2 positional arguments but 3 were given",
        "a factor without its name",
        "`{0}` takes two tensors; a factor for them is given by name.",
        ("Write `value=`: `x.{0}_(y, z, value=0.1)`.",),
    ),
    (
        TypeError,
        r"'Tensor' object is not callable",
        "a tensor is called",
        "A tensor is no function: there are brackets behind one.",
        ("`p.grad` is a tensor, without brackets.",),
    ),
    (
        TypeError,
        r"(\w+)\(\): argument 'input' \(position 1\) must be Tensor, not (float|int)",
        "a function for tensors gets a number",
        "`torch.{0}` is for tensors, and it gets a plain number ({1}).",
        ("For a plain number there is `x ** 0.5`, or `math.sqrt(x)` after `import math`.",),
    ),
    (
        (ValueError, TypeError, RuntimeError),
        r"only one element tensors can be converted|cannot be converted to Scalar",
        "a function for numbers gets a tensor",
        "This function takes one number, and it gets a tensor with several.",
        ("Use the tensor's own method, which works entry by entry: `x.sqrt()`.",),
    ),
    (
        IndexError,
        r"slice\(\) cannot be applied to a 0-dim|0-dim tensor|too many indices for tensor of dimension 0",
        "a number has no entries to slice",
        "This parameter is a single number (a tensor without dimensions), and `[:]` asks for its "
        "entries.",
        ("`v.copy_(...)` writes into a tensor of any shape; so do `v.mul_` and `v.add_`.",),
    ),
    (
        TypeError,
        r"must be Tensor, not numpy\.ndarray|NumPy arrays|'numpy\.ndarray' and 'Tensor'",
        "NumPy and torch are mixed",
        "A NumPy array and a tensor are combined.",
        ("Keep tensors in `state`: `torch.zeros_like(p)`.",),
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
        r"name '(math|torch|np|numpy|copy)' is not defined",
        "an import is missing",
        "`{0}` is not imported here.",
        ("Write `import {0}` above. For a root of a plain number `x ** 0.5` needs no import.",),
    ),
    (
        NameError,
        r"name '(loss)' is not defined",
        "an unknown name",
        "`loss` is not defined in this function.",
        ("Begin with `loss = None`, and set it to what the closure returns, if there is one.",),
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
        TypeError,
        r"expected Tensor as element (\d+) in argument 0, but got (\w+)"
        r"|(Could not infer dtype of) (NoneType)",
        "no tensor is returned",
        "The function returned a {1} where a tensor is needed.",
        ("Is there a `return` with one tensor on every way through the function?",),
    ),
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
        return missing_key(error, Student, situation)
    if detached(error):
        return (
            "p is another tensor",
            "The name p belongs to a new tensor here, and only the parameter itself has a `.grad`.",
            (
                "Which line above gives the name p to something else (`p = ...`)?",
                "Change p in place (`p.mul_(...)`), or give the new tensor another name.",
            ),
        )
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
    hints = ("Print the parts of this line just before it, with their types and shapes.",)
    return (
        f"it raises {type(error).__name__}",
        "Python stopped there, for the reason that it gives above.",
        hints if line_of(error) else (),
    )


def detached(error):
    """Was `.grad` asked of a p that is no parameter any more, in the student's own frame?"""
    if not isinstance(error, (TypeError, AttributeError)) or "None" not in text(error):
        return False
    for frame, _ in traceback.walk_tb(error.__traceback__):
        p = frame.f_locals.get("p")
        mine = is_students(frame.f_code.co_filename) and "group" in frame.f_locals
        if mine and type(p) is torch.Tensor and not p.requires_grad:
            return True
    return False


def explain_in_function(error):
    """What an exception means where the table speaks of optimizers, or None."""
    says = text(error)
    for kind, pattern, name, meaning, hints in IN_FUNCTIONS:
        found = re.search(pattern, says)
        if isinstance(error, kind) and found:
            words = [word for word in found.groups() if word is not None]
            return name, meaning.format(*words, "", "").replace("a NoneType", "None"), hints
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


def subscripted(error, key):
    """(name, dict) of what the student's line looks this key up in; ("", None) if unknown."""
    where = line_of(error)
    line = linecache.getline(*where) if where else ""
    names = re.findall(rf"(\w+)\[\s*['\"]{re.escape(str(key))}['\"]\s*\]", line)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        for name in names:
            found = frame.f_locals.get(name)
            if isinstance(found, dict) and key not in found:
                return name, found
    return (names[0] if len(names) == 1 else ""), None


def missing_key(error, Student, situation):
    key = error.args[0]
    shown = repr(key) if isinstance(key, str) else "this key"
    name, found = subscripted(error, key)
    if name == "state" and found is not None and key in groups_own(error):
        return (
            "a hyper-parameter is read from state",
            f"{shown} is in `group`, not in `state`.",
            (
                "`state` holds what a parameter remembers from step to step. Where is lr?",
                f"Read it from the group: `group[{shown}]`.",
            ),
        )
    if name == "group" and found is not None:
        return missing_in_group(key, shown, found, Student)
    if situation is None and name and found == {}:
        return (
            "the dict is still empty",
            f"There is no {shown} in `{name}`: nothing was put into this dict.",
            (
                f"`{name} = {{...}}` inside a function makes another dict; the one that was given "
                "stays as it was.",
                f"Fill the dict that you were given: `{name}[{shown}] = ...`.",
            ),
        )
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


def missing_in_group(key, shown, group, Student):
    """A key that the group has not got: misspelt, not handed over, or of another method."""
    own = [name for name in group if isinstance(name, str) and name != "params"]
    by_small = {name.lower(): name for name in own}
    near = difflib.get_close_matches(str(key).lower(), by_small, n=1, cutoff=0.75)
    if near:
        meant = by_small[near[0]]
        return (
            "a misspelt name",
            f"The group has {meant!r}, not {shown}.",
            (f"Did you mean `group[{meant!r}]`?",),
        )
    try:
        taken = key in inspect.signature(Student).parameters
    except (TypeError, ValueError):
        taken = False
    if taken:
        return (
            "a hyper-parameter is not in the group",
            f"Your constructor takes {key}, but does not put it into the dict of defaults.",
            (
                "Only what the constructor hands to `super().__init__` is in a group.",
                f"Put it into the dict: `dict(..., {key}={key})`.",
            ),
        )
    return (
        "a hyper-parameter is not in the group",
        f"The group has no {shown}. It has {', '.join(map(repr, own)) or 'nothing'}.",
        ("Read the one of these that the equation asks for.",),
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
