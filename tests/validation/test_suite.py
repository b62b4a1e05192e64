"""`vortexmd validate` on a few made-up checks, and what every real one must state."""

from __future__ import annotations

import json
import math
import signal
import sys
from types import ModuleType

import numpy as np
import pytest

from vortexmd.cli import main
from vortexmd.validation import suite
from vortexmd.validation.check import Check, Measured, Outcome, judge
from vortexmd.validation.command import JSON_FILE, MARKDOWN_FILE


def broken() -> float:
    raise RuntimeError("the solver\nstopped")


def noisy() -> Measured:
    """As numpy makes numbers."""
    return Measured(np.float64(0.4), np.float32(0.125))


RIGHT = Check("right", "exact: 2", "λ", 2.0, 0.1, lambda: 2.05)
NOISY = Check("noisy | sampled", "exact: 0", "ε₀", 0.0, 0.1, noisy, note="n = 9")
LONG = Check("long", "Somebody 1999, Table 1", "", 1.0, 0.1, lambda: np.int64(1), quick=False)
WRONG = Check("wrong", "exact: 3", "", 3.0, 0.1, lambda: 3.2)
BROKEN = Check("broken", "exact: 4", "", 4.0, 0.1, broken)
NOT_A_NUMBER = Check("nan", "exact: 5", "", 5.0, 0.1, lambda: math.nan)


@pytest.fixture
def areas(monkeypatch, tmp_path):
    """Two areas of made-up checks in the place of the real ones; runs in an empty folder."""

    def put(**checks: list[Check]) -> None:
        monkeypatch.setattr(suite, "AREAS", tuple(checks))
        for name, found in checks.items():
            module = ModuleType(name)
            module.checks = lambda found=found: found
            monkeypatch.setitem(sys.modules, f"vortexmd.validation.{name}", module)

    monkeypatch.chdir(tmp_path)
    put(springs=[RIGHT, NOISY, LONG], wheels=[RIGHT])
    return put


def validate(*arguments: str) -> int:
    return main(["validate", "--jobs", "1", *arguments])


# ------------------------------------------------------------------ one check
@pytest.mark.parametrize(
    ("result", "passed"),
    [
        (1.0, True),
        (1.1, True),
        (0.89, False),
        (Measured(1.3, 0.051), True),
        (Measured(1.3, 0.049), False),
        (math.nan, False),
        (Measured(1.0, math.nan), False),
        (Measured(1.0, math.inf), False),
    ],
)
def test_tolerance_and_standard_errors_decide(result, passed):
    outcome = judge("springs", Check("one", "exact: 1", "", 1.0, 0.1 + 1e-12, lambda: result))
    assert outcome.passed is passed
    assert outcome.error == ""


def test_a_check_that_raises_has_failed():
    outcome = judge("springs", BROKEN)
    assert not outcome.passed and outcome.measured is None
    assert outcome.error == "RuntimeError: the solver stopped"


# ------------------------------------------------------------------ the command
def test_all_pass(areas, capsys, tmp_path):
    assert validate() == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:5]] == ["pass"] * 4
    assert "2 ± 0.1" in printed[1] and "2.05" in printed[1] and printed[1].endswith("exact: 2")
    assert "0.4 (0.1)" in printed[2]
    assert "4 of 4 checks pass" in printed[-2]
    assert printed[-1].endswith(MARKDOWN_FILE)

    data = json.loads((tmp_path / "validation" / JSON_FILE).read_text())
    assert (data["passed"], data["failed"], data["quick"]) == (4, 0, False)
    assert data["provenance"]["vortexmd"] and "git_revision" in data["provenance"]
    row = data["checks"][1]
    assert row["area"] == "springs" and row["name"] == NOISY.name and row["note"] == "n = 9"
    assert row["measured"] == 0.4 and row["allowed"] == pytest.approx(0.6)
    page = (tmp_path / "validation" / MARKDOWN_FILE).read_text()
    assert "## Springs" in page and "## Wheels" in page
    rows = [line for line in page.splitlines() if line.startswith("| pass |")]
    assert len(rows) == 4
    assert "noisy \\| sampled (n = 9)" in page
    # A bar inside a cell is escaped: every row has the seven columns of its head.
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}


def test_a_failure_is_said_everywhere(areas, capsys, tmp_path):
    areas(springs=[RIGHT, WRONG, BROKEN, NOT_A_NUMBER])
    assert validate("-o", "found") == 1
    printed = capsys.readouterr().out
    assert "Traceback" not in printed
    assert "      RuntimeError: the solver stopped\n" in printed
    assert "1 of 4 checks pass" in printed
    for name in ("wrong", "broken", "nan"):
        assert f"FAIL  springs: {name}\n" in printed
    rows = json.loads((tmp_path / "found" / JSON_FILE).read_text())["checks"]
    assert [row["passed"] for row in rows] == [True, False, False, False]
    assert [row["measured"] for row in rows] == [2.05, 3.2, None, None]
    page = (tmp_path / "found" / MARKDOWN_FILE).read_text()
    assert page.count("| FAIL |") == 3
    assert "error: RuntimeError: the solver stopped" in page


def test_areas_and_the_quick_form_are_chosen(areas, capsys):
    assert validate("--quick", "--only", "springs", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["quick"] and [row["name"] for row in data["checks"]] == [RIGHT.name, NOISY.name]
    assert validate("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[-1] == "4 checks, 3 of them quick"
    assert "quick" in lines[0] and "quick" not in lines[2]
    assert validate("--list", "--json", "--only", "wheels") == 0
    assert [row["area"] for row in json.loads(capsys.readouterr().out)] == ["wheels"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "sprigns"], "'sprigns': none of springs, wheels (did you mean springs?)"),
        (["--list", "--only", "x"], "area 'x'"),
        (["--jobs", "0"], "jobs = 0: give at least 1"),
        (["-o", "file"], "folder = 'file': cannot be written into"),
        (["-o", "file/below"], "cannot be written into"),
        (["-o", "taken"], f"{JSON_FILE}: exists and is not of a validation"),
        (["-o", "page"], f"{MARKDOWN_FILE}: exists and is not of a validation"),
        (["-o", "odd", "--force"], f"{JSON_FILE}: a folder"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_computed(
    areas, capsys, tmp_path, arguments, message
):
    areas(springs=[BROKEN], wheels=[BROKEN])
    (tmp_path / "file").write_text("")
    for folder, name, text in (
        ("taken", JSON_FILE, '{"program": "another"}'),
        ("page", MARKDOWN_FILE, "# My notes\n"),
        ("odd", f"{JSON_FILE}/inside", ""),
    ):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert main(["validate", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err and printed.err.count("\n") == 1
    assert (tmp_path / "taken" / JSON_FILE).read_text() == '{"program": "another"}'


def test_nothing_quick_is_said(areas, capsys):
    areas(springs=[LONG])
    assert validate("--quick") == 2
    assert "no quick check" in capsys.readouterr().err


@pytest.mark.parametrize("name", [JSON_FILE, MARKDOWN_FILE])
def test_files_of_others_stay_and_ours_are_replaced(areas, capsys, tmp_path, name):
    assert validate("-o", "v") == 0
    first = (tmp_path / "v" / name).read_text()
    areas(wheels=[RIGHT])
    assert validate("-o", "v") == 0
    assert (tmp_path / "v" / name).read_text() != first
    (tmp_path / "v" / name).write_text("mine")
    assert validate("-o", "v") == 2
    assert (tmp_path / "v" / name).read_text() == "mine"
    assert validate("-o", "v", "--force") == 0
    assert (tmp_path / "v" / name).read_text() != "mine"
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == [JSON_FILE, MARKDOWN_FILE]


def test_an_area_that_cannot_be_listed_has_failed(areas, capsys, monkeypatch):
    areas(springs=[RIGHT])
    monkeypatch.setattr(suite, "AREAS", ("springs", "nowhere"))
    assert validate() == 1
    assert "FAIL  nowhere: list of the checks" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_done_is_kept_when_stopped(areas, capsys, tmp_path, number):
    def stopping() -> float:
        signal.raise_signal(number)
        return 1.0

    stopped = Check("stopped", "exact: 1", "", 1.0, 0.1, stopping)
    areas(springs=[RIGHT, stopped, NOISY])
    assert validate("--json") == 130
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert "stopped, 1 of 3 checks done, written to validation" in printed.err
    data = json.loads((tmp_path / "validation" / JSON_FILE).read_text())
    assert (data["complete"], data["planned"], data["passed"]) == (False, 3, 1)
    page = (tmp_path / "validation" / MARKDOWN_FILE).read_text()
    assert "**Incomplete**: stopped after 1 of 3 checks." in page
    areas(springs=[RIGHT])
    assert validate() == 0
    assert json.loads((tmp_path / "validation" / JSON_FILE).read_text())["complete"]
    assert "Incomplete" not in (tmp_path / "validation" / MARKDOWN_FILE).read_text()


def test_nothing_is_written_when_nothing_is_done(areas, capsys, tmp_path):
    def stopping() -> float:
        raise KeyboardInterrupt

    areas(springs=[Check("stopped", "exact: 1", "", 1.0, 0.1, stopping)])
    assert validate() == 130
    assert "nothing written" in capsys.readouterr().err
    assert not list((tmp_path / "validation").iterdir())


def test_files_and_exit_codes_are_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["validate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for word in (JSON_FILE, MARKDOWN_FILE, "0 all", "1 one", "2 nothing", "130 stopped"):
        assert word in text


# ------------------------------------------------------------------ processes
@pytest.mark.slow
def test_processes_find_what_one_finds():
    """And keep the order of the checks."""
    one, two = (suite.run(["published_fits"], jobs=jobs) for jobs in (1, 2))
    assert [o.check.name for o in two] == [o.check.name for o in one]
    assert [o.measured for o in two] == [o.measured for o in one]
    assert all(outcome.passed for outcome in two)


def test_a_process_that_dies_is_a_failed_check():
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    future: Future[list[suite.Figures]] = Future()
    future.set_exception(BrokenProcessPool("a child died"))
    for outcome in suite._outcomes(future, [("springs", RIGHT), ("springs", LONG)]):
        assert isinstance(outcome, Outcome)
        assert not outcome.passed and "fewer --jobs" in outcome.error


def test_checks_of_one_sample_share_a_process(monkeypatch):
    """One task for those of a sample, one for each other; all outcomes, in the order of the checks."""
    from concurrent.futures import ThreadPoolExecutor

    tasks = []

    def judged(area, names):
        tasks.append(names)
        return [(1.0, 0.0, 1.0, True, 0.0, name) for name in names]

    monkeypatch.setattr(suite, "_judge_named", judged)
    monkeypatch.setattr(suite, "_workers", ThreadPoolExecutor)
    outcomes = suite.run(["hopping"], jobs=2)
    names = [check.name for check in suite.checks_of("hopping")]
    assert [outcome.check.name for outcome in outcomes] == names
    assert [outcome.error for outcome in outcomes] == names
    together = {
        frozenset(check.name for check in suite.checks_of("hopping") if check.sample == sample)
        for sample in ("books", "boxes", "open box")
    }
    assert together <= {frozenset(task) for task in tasks}
    assert len(tasks) < len(names) - 4


def test_no_processes_are_refused():
    with pytest.raises(ValueError, match="jobs = 0"):
        suite.run(jobs=0)


# ------------------------------------------------------------------ the real checks
@pytest.mark.parametrize("area", suite.AREAS)
def test_every_check_says_where_its_number_is_from(area):
    checks = suite.checks_of(area)
    assert len(checks) > 2, "cannot be listed"
    assert any(check.quick for check in checks)
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    for check in checks:
        assert check.name.strip() and len(check.source.split()) > 1, check.name
        assert math.isfinite(check.expected), check.name
        # Statistical numbers may have none but that of their sample.
        assert 0 <= check.tolerance < math.inf, check.name


@pytest.mark.parametrize(
    "area",
    [
        "published_fits",
        "ginzburg_landau",
        "pair_forces",
        pytest.param("vortex_pairs", marks=pytest.mark.slow),
    ],
)
def test_all_checks_pass(area):
    for outcome in suite.run([area]):
        assert outcome.passed, f"{outcome.check.name}: {outcome.measured} {outcome.error}"
