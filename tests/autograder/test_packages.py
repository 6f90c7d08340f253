"""An installed course is whole."""

import tomllib


def test_every_package_is_installed(request):
    root = request.config.rootpath
    named = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {
        path.parent.relative_to(root).as_posix().replace("/", ".")
        for top in ("utils", "autograder")
        for path in (root / top).rglob("__init__.py")
    }
    assert sorted(named) == sorted(there)
