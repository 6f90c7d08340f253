"""What notebooks written on Colab ask of Colab, as far as it can be had without it.

`from google.colab import drive` must not cost an answer in the same cell its points. So the package
can be imported, and whatever is called in it says that it is not there, and returns None. It is not
in `sys.modules` before that: notebooks ask there whether they are on Colab.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
import types

NAME = "google.colab"


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `google.colab` and all below it, where no real one is installed."""

    def find_spec(self, name, path=None, target=None):
        if name == NAME or name.startswith(f"{NAME}."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        if name == "google":  # asked last, so there is no real one
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Absent(spec.name) if spec.name != "google" else None

    def exec_module(self, module):
        """Nothing: there is no code."""


class Absent(types.ModuleType):
    """A module in which every name is a function that does nothing but say so."""

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        whole = f"{self.__name__}.{name}"
        if self.__name__ == NAME:
            return importlib.import_module(whole)

        def absent(*args, **words):
            print(f"{whole} is not there while a notebook is graded.", file=sys.stderr)

        absent.__name__ = name
        return absent


def install():
    """From now on it can be imported."""
    sys.meta_path.append(Finder())
