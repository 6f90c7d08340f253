"""Whatever a class hands in, by whatever LMS: nobody becomes somebody else, and each entry has an end."""

import shutil
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograder.intake import collect

from .conftest import ONE
from .deliveries import BY_NAME, LAYOUTS, class_of, folder_of, works, zipped

QUICK = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


def tree(course):
    root = course.submitted
    return {
        path.relative_to(root).parts: path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".collected")
    }


def owners(course, people):
    """folder → the students whose mark stands in a file there."""
    found = defaultdict(set)
    for parts, data in tree(course).items():
        found[parts[0]] |= {one.number for one in people if one.mark.encode() in data}
    return found


def entries_of(files):
    """How many files there are, those in archives in place of the archive."""
    import io
    import zipfile

    count = 0
    for path, data in files.items():
        if path.lower().endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                count += entries_of({one: archive.read(one) for one in archive.namelist()})
        else:
            count += 1
    return count


def distinct(people, layout):
    """The students that a delivery can tell apart."""
    if layout in BY_NAME:
        return {folder_of(one.name): one for one in people}.values()
    return people


def check_one(course, paper, folder, layout, data):
    """A delivery of a class; the same again; and one with newer work of one student."""
    shutil.rmtree(course.submitted, ignore_errors=True)
    people = list(distinct(data.draw(class_of(paper.tree)), layout))
    files = LAYOUTS[layout](people)
    source = folder / "download.zip"
    source.write_bytes(zipped(files))
    found = collect(course, source, ONE)
    assert len(found.entries) == entries_of(files), (found.entries, files.keys())
    assert all(why is None or why.strip() for _, why in found.entries)
    assert not any("nothing was done" in (why or "") for _, why in found.entries)
    taken = sum(why is None for _, why in found.entries)
    assert found.count.endswith(f": {taken} taken, {len(found.entries) - taken} left.")
    if len(people) > 1:
        assert len({one.student for one in found.submissions}) >= len(people)
    there = owners(course, people)
    assert all(len(numbers) <= 1 for numbers in there.values()), there
    whose = [number for numbers in there.values() for number in numbers]
    assert len(whose) == len(set(whose)), there
    assert all(name.casefold() not in {o.casefold() for o in there if o != name} for name in there)
    before = tree(course)
    again = collect(course, source, ONE)
    assert tree(course) == before and again.entries == found.entries
    other = data.draw(st.sampled_from(people))
    newer = replace(other, files=works(paper.tree, other.number, "tiny.ipynb", ["b.txt"], 0))
    source.write_bytes(zipped(LAYOUTS[layout]([newer if x is other else x for x in people])))
    collect(course, source, ONE)
    mine = [folder for folder, numbers in there.items() if other.number in numbers]
    changed = {parts[0] for parts, _ in set(tree(course).items()) ^ set(before.items())}
    assert changed <= set(mine) or not mine and len(changed) <= 1, (changed, mine)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nobody_becomes_another_and_the_counts_add_up(course, paper, tmp_path, layout, monkeypatch):
    monkeypatch.setattr(
        "os.fsync", lambda file: None
    )  # hundreds of them: a busy disk takes minutes

    @QUICK
    @given(st.data())
    def check(data):
        check_one(course, paper, tmp_path, layout, data)

    check()
