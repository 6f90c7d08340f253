"""Slips that change nothing: which, and why.

A slip stands here only if someone has looked at it. The patterns are compared with the line as it
was, `→`, and the line as it is.
"""

import re

REASONS = ()


def reason(verdict):
    """Why this slip is no mistake, or None."""
    slip = verdict.slip
    text = f"{verdict.target.name}: {slip.old} → {slip.new}"
    return next((why for pattern, why in REASONS if re.search(pattern, text)), None)
