"""What the names in a notebook stand for, and which of them an honest answer does not need."""

import ast

FREE_TO_USE = {"Optimizer", "lr_scheduler", "optimizer", "swa_utils"}
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
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    name = one.asname or one.name.split(".")[0]
                    self.put(name, one.name if one.asname else name)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for one in node.names:
                    self.put(one.asname or one.name, f"{node.module}.{one.name}")
        for node in ast.walk(tree):  # o = torch.optim
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name):
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
        parts = []
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
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found += [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name != "torch.optim"]
        elif id(node) not in below:
            path = names.path(node)
            if path and path.startswith("torch"):
                found.append("torch.optim itself" if path == "torch.optim" else path)
                below |= {id(inner) for inner in ast.walk(node)}
    return sorted({path for path in found if is_implementation(path)})


def loose(tree, names):
    """Is the module torch itself used as a value: matched, searched, given to a function?"""
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Assign):
            bound.add(id(node.value))
        elif fetches(node):
            bound.add(id(node.args[0]))
    return any(
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and id(node) not in bound
        and names.path(node) == "torch"
        for node in ast.walk(tree)
    )


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
    for node in ast.walk(tree):
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


class Reach:
    """Ways out of the notebook: which, and how to say it."""

    MODULES = {
        "subprocess": "starts programs",
        "multiprocessing": "starts processes",
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
        "utils.check.mistakes": "asks the bank of right and wrong answers",
        "utils.check.matrix": "asks the bank of right and wrong answers",
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
        "importlib.import_module": "imports by a hidden name",
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

    def said(self, node, path):
        """What this piece of code does, or None if it is of no concern."""
        if isinstance(node, ast.Import):
            return next(filter(None, (self.module(one.name) for one in node.names)), None)
        if isinstance(node, ast.ImportFrom):
            paths = [f"{node.module}.{one.name}" for one in node.names]
            return next(filter(None, map(self.of, paths)), None)
        if isinstance(node, ast.Attribute) and node.attr in self.ATTRIBUTES:
            return f"reaches for {node.attr}"
        if isinstance(node, ast.Constant) and node.value == "NBGRADER_EXECUTION":
            return "asks whether it is being graded"
        if isinstance(node, ast.Name) and node.id == "__builtins__":
            return "reaches for builtins"
        return self.of(path) if path and isinstance(node, ast.Attribute | ast.Name) else None

    def of(self, path):
        """The same of a dotted path."""
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


REACH = Reach()
