"""What the names in a notebook stand for, and which of them an honest answer does not need."""

import ast
import functools

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
