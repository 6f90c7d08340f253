"""docs/conventions.md: every conversion on the page holds, and every "they part" is true."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text):
    """(heading, first line on the page, code) of each block, in order."""
    for match in BLOCK.finditer(text):
        above = text[: match.start()]
        heading = re.findall(r"^#+ (.*)", above, re.MULTILINE)[-1]
        yield heading, above.count("\n") + 2, match[1]


def run_page(text):
    """Run all blocks one after the other, as a reader would; an error names its line."""
    names = {"__name__": "conventions"}
    for _, line, code in blocks(text):
        exec(compile("\n" * (line - 1) + code, PAGE.name, "exec"), names)


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_every_block_runs_and_every_conversion_holds(page):
    run_page(page)


def test_every_section_that_promises_a_conversion_checks_it(page):
    for section in re.split(r"^##+ ", page, flags=re.MULTILINE)[1:]:
        promised = section.count("**Conversion**")
        code = [block for _, _, block in blocks("# x\n" + section)]
        checks = sum("assert" in block for block in code)
        assert checks >= promised, section.splitlines()[0]


# right → wrong: a page with this error in it must not pass.
ERRORS = {
    "lr not converted": ("run(SGD, lr=lr * (1 - beta), ", "run(SGD, lr=lr, "),
    "no factor on the average": (".add_(p.grad, alpha=1 - group[", ".add_(p.grad, alpha=2 - group["),
    "lr inside with the wrong sign": (".sub_(p.grad, alpha=group[\"lr\"])\n        p.add_", ".add_(p.grad, alpha=group[\"lr\"])\n        p.add_"),
    "rescaled by the inverse": ('group["lr"] / state["lr"]', 'state["lr"] / group["lr"]'),
    "no rescaling when β changes": ("(1 - state.get(\"beta\", beta)) / (1 - beta)", "1.0"),
    "dampening counts in the first step": ("beta**t * gradients[0]", "0 * gradients[0]"),
    "debiased by (1 − β)ᵗ": ("/ (1 - 0.9**t)) for", "/ (1 - 0.9) ** t) for"),
    "look-ahead by the old velocity": ("gaps.append((p.detach() - (q -", "gaps.append((p.detach() - (q +"),
    "Adagrad as a mean": ("steps = 0.1 / roots", "steps = 0.1"),
    "ε inside without its square": ("math.sqrt(s) + eps_outside**2", "math.sqrt(s) + eps_outside"),
    "ε̂ constant": ("lambda t: 0.1 * math.sqrt(1 - 0.99**t)", "lambda t: 0.1"),
    "a penalty without its half": ("(0.5 * 0.3 *", "(0.3 *"),
    "decay without lr": ("1 - group[\"lr\"] * group[\"weight_decay\"]", "1 - group[\"weight_decay\"]"),
    "the paper's decay with lr": ("weight_decay=0.1 * 0.3), torchs)", "weight_decay=0.3), torchs)"),
}  # fmt: skip


@pytest.mark.parametrize("right, wrong", ERRORS.values(), ids=ERRORS)
def test_an_error_on_the_page_is_caught(page, right, wrong):
    assert page.count(right) == 1, "the page has changed: give this error its new place"
    with pytest.raises(AssertionError):
        run_page(page.replace(right, wrong))
