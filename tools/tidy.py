"""Make the notebooks fit for git.    python tools/tidy.py [--check]

No outputs, no execution counts, one kernel for all; and in every notebook the same two first
cells: the Colab badge, and the cell that fetches the course there. The address of the repository
is stamped into both; it stands in pyproject.toml. A lecture ends with its words: links to the
terms of docs/glossary.md that link to this lecture.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]

BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{repository}/blob/main/{path})"
)
SET_UP = """\
# On Colab this fetches the course; anywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    ![ -d /content/my_step ] || git clone -q --depth 1 {address} /content/my_step
    %cd -q /content/my_step/{folder}
    sys.path.insert(0, "/content/my_step")"""

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebooks():
    """Every notebook that is in git, but for the generated ones in exercises/."""
    return sorted([*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")])


def words(opened):
    """The last cell of a lecture: the terms of the glossary that are taught in it; [] if none."""
    glossary = ROOT / "docs" / "glossary.md"
    entries = glossary.read_text(encoding="utf-8").split("\n### ")[1:] if glossary.exists() else []
    terms = [entry.splitlines()[0] for entry in entries if f"(../{opened}#" in entry]
    links = [f"[{term}](../docs/glossary.md#{slug(term)})" for term in terms]
    text = "**Words of this lecture:** " + " · ".join(links)
    return [nbformat.v4.new_markdown_cell(text, id="glossary-words")] if links else []


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def tidy(path):
    """The text of the notebook at `path` as it should be."""
    nb = nbformat.read(path, as_version=4)
    opened = path.relative_to(ROOT).as_posix().replace("solutions/", "exercises/", 1)
    folder = str(Path(opened).parent)
    repository = ADDRESS.removeprefix("https://github.com/")
    badge = nbformat.v4.new_markdown_cell(
        BADGE.format(repository=repository, path=opened), id="badge"
    )
    set_up = nbformat.v4.new_code_cell(SET_UP.format(address=ADDRESS, folder=folder), id="setup")
    rest = [cell for cell in nb.cells if cell.id not in ("badge", "setup", "glossary-words")]
    nb.cells = [badge, set_up, *rest, *words(opened)]
    nb.metadata = METADATA
    nb.nbformat_minor = max(nb.nbformat_minor, 5)
    for cell in nb.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in ("nbgrader", "tags")}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.validate(nb)
    return nbformat.writes(nb) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if something would"
    )
    check = parser.parse_args().check
    untidy = [path for path in notebooks() if tidy(path) != path.read_text(encoding="utf-8")]
    for path in untidy:
        if not check:
            path.write_text(tidy(path), encoding="utf-8")
        print("untidy:" if check else "tidied", path.relative_to(ROOT))
    sys.exit("run `make tidy`" if check and untidy else 0)


if __name__ == "__main__":
    main()
