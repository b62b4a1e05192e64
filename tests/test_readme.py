"""Scripts in README and docs run as printed (with fewer steps)."""

import re
from pathlib import Path

import vortexmd as vmd

ROOT = Path(__file__).parents[1]


def test_readme_script(tmp_path, monkeypatch, capsys):
    script = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
    assert len(script.splitlines()) <= 16
    monkeypatch.chdir(tmp_path)
    exec(script.replace("steps=20_000", "steps=400").replace("run(5_000", "run(200"), {})
    trajectory = vmd.load("lattice.h5")
    assert trajectory.steps.tolist() == [0, 100, 200, 300, 400, 500, 600]
    assert trajectory.temperature[0] == 0.05 and trajectory.temperature[4] == 0.0
    # The drive pushes along x.
    assert trajectory.mean_velocity[-1, 0] > 0.01


def test_first_shell_block_has_two_commands():
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
    assert len(block.strip().splitlines()) == 2


def test_scripts_of_the_flux_exchange_page():
    text = (ROOT / "docs" / "flux_exchange.md").read_text()
    first, second = re.findall(r"```python\n(.*?)```", text, re.S)
    names = {}
    exec(first, names)
    assert abs(names["eq"].b.sum() - names["sol"].b[-1].sum()) < 1e-12
    exec(second.replace("run(5_000", "run(100"), names)
    assert names["sim"].hopping.counts.sum() == 300
