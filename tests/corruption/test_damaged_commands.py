"""``vortexmd`` among damaged files: the right result, or one line and exit code 2; no file is lost."""

import pytest

from tests.corruption import originals
from tests.corruption.commands import digest
from tests.corruption.mutations import MUTATIONS, damaged

RUN = ["run", "run.toml", "--quiet"]
TRAJECTORY, CHECKPOINT = "run.h5", "run.h5.chk"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The folder of an interrupted run."""
    return originals.interrupted(tmp_path_factory.mktemp("interrupted"))


def complaint(outcome, given):
    """What is wrong with a refusal; None if it is one clear line, and every file is there."""
    if outcome.code != 2:
        return f"exit code {outcome.code}: {outcome.error}"
    lines = outcome.error.splitlines()
    if not lines or not all(line.startswith("vortexmd: ") for line in lines):
        return f"no clear line: {outcome.error}"
    if sum(not line.startswith("vortexmd: warning: ") for line in lines) != 1:
        return f"not one line: {outcome.error}"
    lost = [name for name, data in given.items() if digest(data) not in outcome.files.values()]
    return f"lost or changed: {lost}; {outcome.error}" if lost else None


def failures(examiner, files, which, seeds, names):
    """How runs went wrong that were continued among damaged files."""
    right = examiner.execute({"run.toml": files["run.toml"]}, RUN)
    assert right.code == 0
    assert examiner.execute(files, RUN).result == right.result
    for name in names:
        for seed in seeds:
            given = dict(files)
            for file in which:
                given[file] = damaged(files[file], name, seed)
            outcome = examiner.execute(given, RUN)
            if outcome.code == 0:
                problem = None if outcome.result == right.result else "another result"
            else:
                # A run that has gone on ends with the word that an old frame is spoiled: what was on the
                # disk at the checkpoint is not looked at before.
                told = TRAJECTORY in which and "run.h5: damaged or truncated (" in outcome.error
                gone_on = told and outcome.code == 2 and CHECKPOINT in outcome.files
                problem = None if gone_on else complaint(outcome, given)
            if problem:
                yield f"{', '.join(which)}: {name} {seed}: {problem}"


WHICH = [
    [TRAJECTORY],
    [CHECKPOINT],
    [CHECKPOINT, f"{CHECKPOINT}.previous"],
    [TRAJECTORY, CHECKPOINT],
]


def test_runs_go_on_or_say_why_not(examiner, files):
    assert list(failures(examiner, files, [TRAJECTORY, CHECKPOINT], range(1), ["page"])) == []


@pytest.mark.slow
@pytest.mark.parametrize("which", WHICH)
def test_many_runs_go_on_or_say_why_not(examiner, files, which):
    assert list(failures(examiner, files, which, range(100, 110), MUTATIONS)) == []


READERS = (
    (["info", TRAJECTORY], None),
    (["export", TRAJECTORY, "run.xyz"], "run.xyz"),
    (["plot", TRAJECTORY, "-o", "run.png", "--dpi", "20"], "run.png"),
)


def read_failures(examiner, files, seeds, names, readers=READERS):
    """How commands went wrong that read a damaged trajectory: the right output, or a refusal."""
    for arguments, output in readers:
        right = examiner.execute({TRAJECTORY: files[TRAJECTORY]}, arguments)
        assert right.code == 0
        for name in names:
            for seed in seeds:
                given = {TRAJECTORY: damaged(files[TRAJECTORY], name, seed)}
                outcome = examiner.execute(given, arguments)
                if outcome.code == 0:
                    problem = None if outcome.printed == right.printed else "another output"
                    if output and outcome.files[output] != right.files[output]:
                        problem = f"another {output}"
                else:
                    problem = complaint(outcome, given)
                    if output in outcome.files:
                        problem = f"{output} is there all the same"
                if problem:
                    yield f"{arguments[0]}: {name} {seed}: {problem}"


def test_readers_say_what_is_wrong(examiner, files):
    assert list(read_failures(examiner, files, range(1), ["byte", "page"], READERS[:2])) == []


@pytest.mark.slow
def test_many_readers_say_what_is_wrong(examiner, files):
    assert list(read_failures(examiner, files, range(100, 104), MUTATIONS)) == []
