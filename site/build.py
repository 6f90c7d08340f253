"""The course as a website: every lecture executed, as a page that needs no server.

python site/build.py [--out FOLDER]
"""

import argparse
import html
import re
import sys
import tempfile
from pathlib import Path

import mistune
import nbformat
from latex2mathml.converter import convert as mathml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>my_step</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1.05rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .3rem .8rem; border-bottom: 1px solid #8886 }}
code {{ font-size: .95em }}
</style></head><body>{body}</body></html>"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "site" / "build", metavar="FOLDER")
    out = parser.parse_args().out
    (out / "lectures").mkdir(parents=True, exist_ok=True)

    lectures = sorted(ROOT.glob("lectures/*.ipynb"))
    for path in tqdm(lectures, desc="lectures", file=sys.stdout):
        try:
            page = lecture(path)
        except CellExecutionError as error:
            sys.exit(f"site: {path.name} does not run: {str(error).splitlines()[-1]}")
        (out / "lectures" / f"{path.stem}.html").write_text(page, encoding="utf-8")

    start = (ROOT / "lectures" / "README.md").read_text(encoding="utf-8")
    body = mistune.create_markdown(escape=False, plugins=["table"])(start)
    (out / "lectures" / "index.html").write_text(to_pages(PAGE.format(body=body)), encoding="utf-8")
    (out / "index.html").write_text(
        '<meta http-equiv="refresh" content="0; url=lectures/index.html">', encoding="utf-8"
    )
    print(f"site: open {out / 'index.html'}")


def lecture(path):
    """A lecture, executed in a kernel of its own, as HTML."""
    nb = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            nb, timeout=600, coalesce_streams=True, resources={"metadata": {"path": folder}}
        ).execute()
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
    resources = {"metadata": {"name": html.escape(title(nb))}}
    page, _ = HTMLExporter(
        exclude_input_prompt=True, exclude_output_prompt=True
    ).from_notebook_node(nb, resources=resources)
    return to_pages(SCRIPT.sub(lambda s: "" if FETCHES.search(s[0]) else s[0], page))


SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>", re.S)
FETCHES = re.compile(r'src="https?://|MathJax|mermaid')  # what would need a network
MATH = re.compile(r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|\$([^$\s](?:[^$]*?[^$\s])?)\$", re.S)


def with_mathml(text):
    """Formulas as MathML, which browsers draw by themselves: no script, no network."""

    def formula(found):
        code, block, inline = found.groups()
        if code:
            return code
        return mathml(block or inline, display="block" if block else "inline").replace("\n", "")

    return MATH.sub(formula, text)


def title(nb):
    heads = re.findall(r"^# (.+)$", "\n".join(cell.source for cell in nb.cells), re.M)
    return heads[0] if heads else "my_step"


def to_pages(page):
    """Links to lectures lead to their pages; links to other files of the course, to the repository."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    blob = project["urls"]["Repository"] + "/blob/main/"
    page = re.sub(r'href="(?:\.\./lectures/|\./)?(\d\d_\w+)\.ipynb', r'href="\1.html', page)
    return re.sub(r'href="\.\./(?!lectures/)', f'href="{blob}', page)


if __name__ == "__main__":
    main()
