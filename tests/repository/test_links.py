"""Links inside the repository resolve: to a file that is in git, and to a heading that is in it."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!\\)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|(?:href|src)=\"([^\"]+)\"")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)


def git_files():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout


FILES = {ROOT / line for line in git_files().splitlines()}
PAGES = sorted(f for f in FILES if f.suffix in (".md", ".ipynb") and f.exists())


def prose(path):
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def anchors(path):
    """What a link can point to: headings, as GitHub and as Jupyter spell them, and ids."""
    text = CODE.sub(lambda m: m[0] if not m[0].startswith("```") else "", prose(path))
    headings = [h.strip().rstrip("#").strip() for h in re.findall(r"^#{1,6}\s+(.*)$", text, re.M)]
    plain = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", h) for h in headings]
    jupyter = {h.replace(" ", "-") for h in plain}
    github = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in plain}
    return jupyter | github | set(re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text))


def internal_links(path):
    for first, second in LINK.findall(CODE.sub("", prose(path))):
        target = first or second
        if not re.match(r"[a-z]+:|//", target):
            yield unquote(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_resolve(page):
    broken = []
    for link in internal_links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        known = target in FILES or any(target in f.parents for f in FILES)
        if not known or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_test_finds_a_broken_link(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A title\n[ok](#a-title) [no](gone.md) [web](https://x.org) `[code](x)`")
    assert list(internal_links(page)) == ["#a-title", "gone.md"]
    assert "a-title" in anchors(page) and "A-title" in anchors(page)
