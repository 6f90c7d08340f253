"""The map: each function that it names is in the file that it links to."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\[`([^`]+)`\]\(\.\./([^)]+)\)", PAGE)))


def defined(path):
    """The functions, classes and methods that a file of Python or JavaScript defines."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        return set(re.findall(r"^export (?:async )?(?:function\*?|class|const) (\w+)", text, re.M))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)}


@pytest.mark.parametrize("name, file", LINKS, ids=lambda part: str(part))
def test_a_name_on_the_map_is_where_the_map_says(name, file):
    path = ROOT / file
    assert path.is_file()
    assert name in (file, path.name) or name in defined(path)


def test_each_journey_passes_several_functions():
    journeys = PAGE.partition("## Four journeys")[2].split("\n### ")[1:]
    assert len(journeys) == 4
    assert all(journey.count("](../") >= 6 for journey in journeys)
