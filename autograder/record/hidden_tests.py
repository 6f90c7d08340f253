"""Hidden tests stay hidden: their source is on no page that a student gets."""

import re

REGION = re.compile(
    r"^[^\n]*BEGIN HIDDEN TESTS.*?(?:^[^\n]*END HIDDEN TESTS[^\n]*\n?|\Z)", re.S | re.M
)
TELLING = 20  # a line this long is no coincidence inside another one


def visible(source):
    """A test cell's source as the student has it."""
    return REGION.sub("", source)


def secrets(source):
    """The lines of a test cell that the student does not have."""
    lines = {line.strip() for region in REGION.findall(source) for line in region.splitlines()}
    return {line for line in lines if line.strip("()[]{}: ")}


def without(text, secrets):
    """Text without the lines in which one of the secrets is."""
    kept = [line for line in text.splitlines() if not tells(line, secrets)]
    return "\n".join(kept).strip()


def tells(line, secrets):
    return line.strip() in secrets or any(
        len(secret) >= TELLING and secret in line for secret in secrets
    )
