import pytest
import torch

torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)  # torch's first one takes seconds


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """A record of progress for each test, and hints as by default."""
    file = tmp_path / "progress.json"
    monkeypatch.setenv("MY_STEP_PROGRESS", str(file))
    monkeypatch.setenv("MY_STEP_HINTS", "on")
    return file


@pytest.fixture
def refused(capfd):
    """Calls a check that must fail, and returns the CheckFailed."""
    from utils.check import CheckFailed

    def call(check, *args, **words):
        with pytest.raises(BaseException) as caught:  # whatever leaves, we want to see it
            check(*args, **words)
        error = caught.value
        assert type(error) is CheckFailed, f"{type(error).__name__} left the check: {error}"
        out, err = capfd.readouterr()
        assert not err, err
        lines = str(error).splitlines()
        assert len(lines) <= 24, f"{len(lines)} lines are more than a screen"
        assert max(map(len, lines)) <= 100, max(lines, key=len)
        return error

    return call
