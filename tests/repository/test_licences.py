"""The course may be used: who may do what with which part is said, and the same everywhere."""

import json
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
HOLDER = "the my_step contributors"


def test_each_part_has_a_licence():
    code, texts = ((ROOT / name).read_text("utf-8") for name in ("LICENSE", "LICENSE-TEXTS"))
    assert code.startswith("MIT License") and HOLDER in code
    assert "Creative Commons Attribution 4.0" in texts and HOLDER in texts
    assert "Section 8 -- Interpretation" in texts  # the legal text, to its end
    assert set(PROJECT["license-files"]) == {"LICENSE", "LICENSE-TEXTS"}
    assert PROJECT["authors"] == [{"name": HOLDER}]


def test_what_comes_from_mnist_is_under_mnists_own():
    about = json.loads((ROOT / "utils" / "playground" / "mnist.json").read_text("utf-8"))["about"]
    texts = (ROOT / "LICENSE-TEXTS").read_text("utf-8")
    assert "CC BY-SA 3.0" in about["data"]
    assert "CC BY-SA 3.0" in (ROOT / "data" / "README.md").read_text("utf-8")
    assert "utils/playground/mnist.json" in texts and "data/mnist/" in texts
    assert "CC-BY-SA-3.0" in PROJECT["license"]  # mnist.json is part of the package


def test_version_author_and_address_are_the_same_everywhere():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == PROJECT["version"]
    assert cited["authors"] == [{"name": HOLDER}]
    assert cited["repository-code"] == PROJECT["urls"]["Repository"]
    newest = re.search(r"^## (\S+?),", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert newest[1] == PROJECT["version"]
