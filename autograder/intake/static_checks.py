"""What the names in a notebook stand for, and which of them an honest answer does not need.

`Names` knows imports. `implementation` finds torch's own optimizers, `of_course` the course's modules,
`patched` what is overwritten, `WAYS_OUT` what leads out of the notebook.
"""

import ast
import functools

from autograder.torch_modules import NO_OPTIMIZERS

FREE_TO_USE = {"Optimizer", *NO_OPTIMIZERS}
"""What of torch.optim anyone may use: the base class, and what is no optimizer."""

DEEPEST = 20  # dots in a path
SETTINGS = ("torch.backends", "torch.random", "matplotlib", "warnings")
OF_TENSORS = {"grad", "data", "requires_grad", "is_leaf"}


class Names:
    """The imports of a notebook: name → dotted path.

    first: the meaning that a name was given first; the master's imports come first.
    """

    def __init__(self):
        self.known = {name: name for name in ("torch", "get_ipython", "globals", "vars", "exec")}
        self.known |= {name: name for name in ("eval", "compile", "__import__", "open", "getattr")}
        self.known |= {"setattr": "setattr", "delattr": "delattr", "__builtins__": "builtins"}
        self.first = {}

    def learn(self, tree):
        imports, assigned = naming(tree)
        for node in imports:
            for one in node.names:
                if isinstance(node, ast.ImportFrom):
                    self.put(one.asname or one.name, f"{node.module}.{one.name}")
                else:
                    name = one.asname or one.name.split(".")[0]
                    self.put(name, one.name if one.asname else name)
        for node in assigned:
            path = self.path(node.value)
            if path and path.split(".")[0] in ("torch", "sys", "os"):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.put(target.id, path)

    def put(self, name, path):
        self.first.setdefault(name, path)
        if name not in self.known or not self.known[name].startswith("torch.optim"):
            self.known[name] = path

    def path(self, node):
        """The dotted path that an expression stands for, such as torch.optim.SGD; or None."""
        parts: list[str] = []
        while len(parts) < DEEPEST:
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            elif fetches(node):
                parts.append(node.args[1].value)
                node = node.args[0]
            else:
                break
        if not isinstance(node, ast.Name) or node.id not in self.known:
            return None
        return ".".join([self.known[node.id], *reversed(parts)])


def walk(tree):
    """As `ast.walk`, which takes its time; so the way through a tree is kept with it."""
    if not hasattr(tree, "way"):
        tree.way = list(ast.walk(tree))
    return tree.way


def naming(tree):
    """What gives names: imports, and assignments such as o = torch.optim.

    A tree keeps them: the master's come again with every submission.
    """
    if not hasattr(tree, "naming"):
        imports, assigned = [], []
        for node in walk(tree):
            if isinstance(node, ast.Import) or isinstance(node, ast.ImportFrom) and not node.level:
                imports.append(node)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name):
                assigned.append(node)
        tree.naming = imports, assigned
    return tree.naming


def fetches(node):
    """getattr(x, "name")"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    )


def implementation(tree, names):
    """Dotted paths of optimizers that torch wrote, as far as this code mentions them."""
    found = []
    below = set()  # parts of a longer path are not looked at again
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found += [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name != "torch.optim"]
        elif id(node) not in below:
            path = names.path(node) or unknown(node)
            path = path and shortest(path)
            if path and path.startswith("torch"):
                found.append("torch.optim itself" if path == "torch.optim" else path)
                below |= {id(inner) for inner in ast.walk(node)}
    return sorted({path for path in map(shortest, found) if is_implementation(path)})


def shortest(path):
    """Many modules have torch itself among their names: torch.functional.torch.optim is torch.optim."""
    before, torch, after = f".{path}".rpartition(".torch.")
    return f"torch.{after}" if torch else path


def unknown(node):
    """….optim.SGD, whatever comes before it: the path of an optimizer of torch, or None."""
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)):
        return None
    known = node.value.attr == "optim" and node.attr in optimizers()
    return f"torch.optim.{node.attr}" if known else None


@functools.cache
def optimizers():
    """The names of torch's own optimizers."""
    import torch

    kinds = {name: x for name, x in vars(torch.optim).items() if isinstance(x, type)}
    return {name for name, x in kinds.items() if issubclass(x, torch.optim.Optimizer)} - FREE_TO_USE


def is_public_optimizer(path):
    """Is it one of torch's optimizers by its public name, such as torch.optim.SGD?"""
    module, _, name = path.rpartition(".")
    return module == "torch.optim" and name in optimizers()


def of_course(tree, names):
    """What of utils/ this code uses, as utils.module.name."""
    for node in walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            parts = (names.path(node) or "").split(".")
            if parts[0] == "utils" and len(parts) > 2:
                yield ".".join(parts[:3])


WHOLE = ("torch", "utils", "utils.check", "utils.optim", "utils.soundness")
"""Modules that nobody needs as a value: there is much behind them."""


def loose(tree, names):
    """Which of these modules are used as a value: matched, searched, given to a function?"""
    bound, of_class = set(), set()
    for node in walk(tree):
        if isinstance(node, ast.Attribute) and node.attr != "__dict__":
            bound.add(id(node.value))
        elif isinstance(node, ast.Assign) and all(isinstance(x, ast.Name) for x in node.targets):
            bound.add(id(node.value))  # a name for a module is known from here on,
        elif isinstance(node, ast.ClassDef):  # but not one within a class
            of_class |= {id(part.value) for part in node.body if isinstance(part, ast.Assign)}
        elif fetches(node):
            bound.add(id(node.args[0]))
    bound -= of_class
    for node in walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            path = names.path(node)
            if id(node) not in bound and path and shortest(f"{path}.").rstrip(".") in WHOLE:
                yield shortest(f"{path}.").rstrip(".")


def is_implementation(path):
    parts = path.split(".")
    if path == "torch.optim itself":
        return True
    if parts[0] == "torch" and any(part.startswith("_fused_") for part in parts):
        return True
    if parts[:2] == ["torch", "_functional"] or parts[:3] == ["torch", "distributed", "optim"]:
        return True
    return parts[:2] == ["torch", "optim"] and len(parts) > 2 and parts[2] not in FREE_TO_USE


def patched(tree, names):
    """What of torch, the checks or Python is assigned to."""
    for node in walk(tree):
        targets = []
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            for one in getattr(target, "elts", [target]):
                path = isinstance(one, ast.Attribute) and names.path(one)
                if path and matters(path):
                    yield path
        if isinstance(node, ast.Call) and names.path(node.func) in ("setattr", "delattr"):
            path = node.args and names.path(node.args[0])
            if path and matters(f"{path}.x"):
                yield path


def matters(path):
    parts = path.split(".")
    if path.startswith(SETTINGS) or parts[-1] in OF_TENSORS or len(parts) < 2:
        return False
    return parts[0] in ("torch", "utils", "builtins", "sys", "os", "IPython", "random", "math")


@functools.cache
def checks():
    """What of utils.check is for everybody."""
    import utils.check

    return set(utils.check.__all__)


class WaysOut:
    """Ways out of a notebook, which an honest answer does not need: which, and how to say it.

    Threads and pools are none: the sandbox counts what they use, and honest notebooks have them.
    """

    MODULES = {
        "subprocess": "starts programs",
        "pty": "starts programs",
        "ctypes": "reaches into memory",
        "cffi": "reaches into memory",
        "mmap": "reaches into memory",
        "gc": "looks at all objects",
        "socket": "uses the network",
        "http": "uses the network",
        "urllib": "uses the network",
        "requests": "uses the network",
        "ftplib": "uses the network",
        "smtplib": "uses the network",
        "signal": "handles signals",
        "faulthandler": "handles signals",
        "atexit": "leaves something to be run at the end",
        "sqlite3": "opens a database",
        "sqlalchemy": "opens a database",
        "nbgrader": "asks for the grader",
        "autograder": "asks for the grader",
        "ipykernel": "asks for the kernel",
        "zmq": "asks for the kernel",
        "__main__": "reaches for __main__",
        "builtins": "reaches for builtins",
        "code": "runs hidden code",
        "codeop": "runs hidden code",
        "runpy": "runs hidden code",
        "marshal": "runs hidden code",
        "pkgutil": "imports by a hidden name",
        "pydoc": "imports by a hidden name",
    }
    CALLS = {
        "sys._getframe": "looks into the frames of its callers",
        "sys._current_frames": "looks into the frames of its callers",
        "sys.settrace": "traces the program",
        "sys.setprofile": "traces the program",
        "sys.addaudithook": "traces the program",
        "sys.modules": "reaches for the loaded modules",
        "sys.displayhook": "changes how results are shown",
        "sys.meta_path": "changes how modules are found",
        "inspect.currentframe": "looks into the frames of its callers",
        "inspect.stack": "looks into the frames of its callers",
        "inspect.getouterframes": "looks into the frames of its callers",
        "inspect.getmodule": "reaches for the loaded modules",
        "inspect.getsource": "reads the source of others",
        "importlib.import_module": "imports by a hidden name",
        "importlib.__import__": "imports by a hidden name",
        "importlib.util": "imports by a hidden name",
        "importlib.machinery": "imports by a hidden name",
        "operator.attrgetter": "reaches by a hidden name",
        "operator.methodcaller": "reaches by a hidden name",
        "__import__": "imports by a hidden name",
        "exec": "runs hidden code",
        "eval": "runs hidden code",
        "compile": "runs hidden code",
        "torch.optim.optimizer.register_optimizer_step_pre_hook": "hooks into all optimizers",
        "torch.optim.optimizer.register_optimizer_step_post_hook": "hooks into all optimizers",
        "get_ipython": "reaches for IPython",
        "IPython.get_ipython": "reaches for IPython",
    }
    OS = {"system", "popen", "fork", "forkpty", "kill", "killpg", "_exit", "abort", "ptrace"}
    ATTRIBUTES = {
        "__globals__", "__closure__", "__code__", "__subclasses__", "__builtins__", "f_globals",
        "f_locals", "f_back", "tb_frame", "gi_frame", "cr_frame", "__loader__",
    }  # fmt: skip

    def described(self, node, path):
        """What this piece of code does, or None if it is of no concern."""
        if isinstance(node, ast.Import):
            return next(filter(None, (self.of(one.name) for one in node.names)), None)
        if isinstance(node, ast.ImportFrom):
            paths = [f"{node.module}.{one.name}" for one in node.names]
            return next(filter(None, map(self.of, paths)), None)
        if isinstance(node, ast.Attribute) and node.attr in self.ATTRIBUTES:
            return f"reaches for {node.attr}"
        if isinstance(node, ast.Constant) and node.value == "NBGRADER_EXECUTION":
            return "asks whether it is being graded"
        if isinstance(node, ast.Name) and node.id == "__builtins__":
            return "reaches for builtins"
        named = isinstance(node, ast.Attribute | ast.Name) or fetches(node)
        return self.of(path) if path and named else None

    def of(self, path):
        """The same of a dotted path."""
        if path.startswith("utils.check.") and path.split(".")[2] not in checks():
            return f"looks behind the checks, where right and wrong answers are ({path})"
        if path in self.CALLS:
            return f"{self.CALLS[path]} ({path})"
        parts = path.split(".")
        if parts[0] == "os" and len(parts) > 1:
            one = parts[1]
            if one in self.OS or one.startswith(("exec", "spawn", "posix_spawn")):
                return f"starts or ends processes (os.{one})"
        return self.module(path)

    def module(self, path):
        for name, what in self.MODULES.items():
            if path == name or path.startswith(f"{name}."):
                return f"{what} ({name})"
        return None


WAYS_OUT = WaysOut()
