"""What Python and the page both know of the playground: playground.json, read once.

Landscapes and what shapes them, optimizers and what they use, ranges of sliders, labels, sentences
of the verdicts. The page's JavaScript is built with the same file, so neither writes it again.
"""

import json
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(
    Path(__file__).with_name("playground.json").read_text(encoding="utf-8")
)
SETTINGS: dict[str, dict[str, Any]] = FACTS["settings"]
HYPER: dict[str, dict[str, Any]] = FACTS["hyper"]
OPTIMIZERS: dict[str, dict[str, Any]] = FACTS["optimizers"]
VERDICTS: dict[str, str] = FACTS["verdicts"]
LABELS: dict[str, str] = {name: about["label"] for name, about in OPTIMIZERS.items()}


def _landscapes() -> dict[str, dict[str, Any]]:
    """A landscape that is `like` another has all that the other has, and what it says itself."""
    found = {}
    for name, own in FACTS["landscapes"].items():
        base = FACTS["landscapes"][own.get("like", name)]
        found[name] = base | own | {"shape": base["shape"] | own["shape"]}
    return found


LANDSCAPES: dict[str, dict[str, Any]] = _landscapes()


def usual(optimizer: str) -> dict[str, float]:
    """The hyper-parameters that a textbook optimizer has unless told otherwise."""
    values = {key: about["value"] for key, about in HYPER.items()}
    return {**values, **OPTIMIZERS[optimizer].get("usual", {})}
