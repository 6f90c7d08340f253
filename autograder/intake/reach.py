"""Ways out of a notebook, which an honest answer does not need."""

import ast
import functools

from autograder.intake.static_checks import fetches


@functools.cache
def checks():
    """What of utils.check is for everybody."""
    import utils.check

    return set(utils.check.__all__)


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
        "threading": "starts threads",
        "_thread": "starts threads",
        "concurrent": "starts threads",
        "runpy": "runs hidden code",
        "pickle": "runs hidden code",
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

    def said(self, node, path):
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


REACH = Reach()
