"""TOML files: what they say is what runs; every mistake is one line that names the key."""

import re
from pathlib import Path

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from potentials.pair_friction import TabulatedFriction
from vortexmd import build, config, config_reference

ROOT = Path(__file__).parents[2]
MINIMAL = """
[start]
kind = "triangular"
n = 64
density = 0.05
[run]
steps = 10
dt = 0.1
"""
FRICTION = """
[pair_friction]
type = "TabulatedFriction"
d = [0.5, 1.0, 2.0, 4.0]
gamma = [0.1, 0.3, 0.8, 1.0]
"""


def read(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text)
    return config.read(path)


def test_minimal_file_runs(tmp_path):
    sim = build.simulation(read(tmp_path, MINIMAL))
    sim.run(10)
    np.testing.assert_array_equal(sim.state.positions, vmd.triangular_lattice(64, 0.05).positions)


def test_a_full_file_is_the_script_it_mirrors(tmp_path):
    text = """
[start]
kind = "random"
n = 60
density = 0.02
winding = { "+1" = 0.8, "-1" = 0.2 }
min_distance = 3.8
seed = 5
[pair_force]
type = "GLFit"
mu = 1.7
[[external]]
type = "GaussianPins"
arrangement = "random"
n = 7
depth = 0.1
radius = 0.4
seed = 3
[[external]]
type = "UniformDrive"
force = [0.01, 0]
[[reactions]]
type = "Annihilation"
kappa = 1.2
[run]
steps = 50
dt = 0.2
temperature = 1e-3
seed = 9
anneal = { to_temperature = 0.0, steps = 20 }
integrator = "euler-maruyama"
"""
    sim = build.simulation(read(tmp_path, text))
    start = vmd.random_vortices(60, 0.02, winding={1: 0.8, -1: 0.2}, min_distance=3.8, seed=5)
    script = vmd.Simulation(
        start,
        pot.GLFit(1.7),
        dt=0.2,
        temperature=1e-3,
        seed=9,
        integrator="euler-maruyama",
        external=[
            vmd.GaussianPins.random(7, depth=0.1, radius=0.4, box=start.box, seed=3),
            vmd.UniformDrive((0.01, 0.0)),
        ],
        reactions=[vmd.Annihilation(kappa=1.2)],
    )
    sim.anneal(0.0, 20)
    script.anneal(0.0, 20)
    np.testing.assert_array_equal(sim.state.positions, script.state.positions)


def test_sums_interactions_and_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt(
        tmp_path / "f.csv",
        np.c_[np.linspace(0, 6, 61), np.exp(-np.linspace(0, 6, 61) * 3)],
        delimiter=",",
    )
    text = """
[start]
kind = "square"
n = 100
density = 0.2
[run]
steps = 1
dt = 0.1
[pair_force]
type = "Interaction"
laws = [
  { pair = [1, 1], type = "Sum", parts = [
    { type = "London", f0 = 1.0 },
    { type = "Log", q = -0.1, cutoff = 4.0 },
  ] },
  { pair = [-1, 1], type = "Scaled", factor = -2.0, part = { type = "Tabulated", file = "f.csv" } },
]
"""
    law = build.potential(read(tmp_path, text))
    r = np.array([0.5, 2.0])
    expected = pot.London(1.0).force(r) - 0.1 / r
    np.testing.assert_allclose(law.pair(1, 1).force(r), expected, rtol=1e-12)
    np.testing.assert_allclose(law.pair(1, -1).force(r), -2 * np.exp(-3 * r), rtol=1e-3)


def test_pair_friction(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    law = TabulatedFriction([0.5, 1, 2, 4], [0.1, 0.3, 0.8, 1])
    assert build.simulation(read(tmp_path, MINIMAL)).pair_friction is None
    assert build.simulation(read(tmp_path, MINIMAL + FRICTION)).pair_friction == law
    np.savetxt(tmp_path / "g.csv", np.c_[law.d, law.gamma], delimiter=",")
    by_pair = """
[pair_friction]
type = "FrictionByPair"
laws = [
  { pair = [1, 1], type = "TabulatedFriction", file = "g.csv" },
  { pair = [-1, 1], type = "TabulatedFriction", d = [1, 2, 3, 4], gamma = [0.5, 0.6, 0.7, 1] },
]
"""
    made = build.simulation(read(tmp_path, MINIMAL + by_pair)).pair_friction
    assert made.laws[1, 1] == law
    assert made.relative_friction(1, -1, 2.0) == pytest.approx(0.6)
    # Runs of before there was this table are the same runs now.
    assert "pair_friction" not in read(tmp_path, MINIMAL).canonical()


def test_a_potential_that_knows_its_friction(tmp_path, monkeypatch):
    class Knowing(pot.London):
        def pair_friction(self):
            return TabulatedFriction([1, 2, 3, 4], [0.5, 0.6, 0.7, 1])

    monkeypatch.setitem(build.PAIR_FRICTIONS, "Knowing", Knowing)
    text = MINIMAL + '[pair_friction]\ntype = "Knowing"\nf0 = 2.0\n'
    made = build.simulation(read(tmp_path, text)).pair_friction
    assert made == Knowing().pair_friction()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("steps = 10", "stepz = 10", "run.stepz: unknown key; did you mean run.steps?"),
        ("[run]", "[rum]\nx = 1\n[run]", "rum: unknown key; did you mean run?"),
        ("steps = 10", "", "run.steps: missing"),
        ("steps = 10", "steps = 10.5", "run.steps = 10.5: give a whole number"),
        ("steps = 10", "steps = true", "run.steps = True: give a whole number"),
        ("steps = 10", "steps = -1", "run.steps = -1: give a whole number from 0"),
        ("dt = 0.1", 'dt = "fast"', "run.dt = 'fast': give a number"),
        ("dt = 0.1", "dt = nan", "run.dt = nan: must be finite"),
        ("dt = 0.1", "dt = inf", "run.dt = inf: must be finite"),
        ("dt = 0.1", "dt = 0", "dt = 0.0"),
        ("dt = 0.1", "dt = 0.1\ntemperature = -1", "temperature = -1"),
        ("dt = 0.1", 'dt = 0.1\nintegrator = "verlet"', "integrator = 'verlet'"),
        ("dt = 0.1", "dt = 0.1\nseed = -1", "seed = -1"),
        ("dt = 0.1", "dt = 0.1\nanneal = 3", "run.anneal = 3: give a table"),
        ("dt = 0.1", "dt = 0.1\nanneal = { to_temperature = 0, steps = 99 }", "run.anneal.steps"),
        ("dt = 0.1", "dt = 0.1\n[output]\nevery = 0", "output.every = 0"),
        ("n = 64", "n = 63", "start.n = 63"),
        ("n = 64", "n = 0", "start.n = 0"),
        ("density = 0.05", "density = -1.0", "start.density = -1.0"),
        ("density = 0.05", "", "start.density: missing"),
        ("density = 0.05", "density = 0.05\nmin_distance = 1.0", "start.min_distance: does not go"),
        ('kind = "triangular"', 'kind = "hexagonal"', "start.kind = 'hexagonal'"),
        ('kind = "triangular"', "", "start.kind: missing"),
        ("n = 64", "n = 64\nwinding = 0", "winding"),
        ("[run]", "[pair_force]\nmu = 1.7\n[run]", "pair_force.type: missing"),
        ("[run]", '[pair_force]\ntype = "GLFitt"\n[run]', "did you mean 'GLFit'?"),
        ("[run]", '[pair_force]\ntype = "GLFit"\nmu = 9.0\n[run]', "0.2 … 2.5"),
        ("[run]", '[pair_force]\ntype = "GLFit"\nmuu = 1.7\n[run]', "did you mean pair_force.mu?"),
        ("[run]", '[pair_force]\ntype = "London"\nf0 = nan\n[run]', "pair_force.f0 = nan"),
        ("[run]", '[pair_force]\ntype = "London"\nf0 = "x"\n[run]', "f0"),
        (
            "[run]",
            '[pair_force]\ntype = "London"\ncutoff = 400\n[run]',
            "at least twice the cutoff",
        ),
        ("[run]", '[pair_force]\ntype = ["GLFit"]\n[run]', "pair_force.type = ['GLFit']"),
        ("[run]", '[pair_force]\ntype = "GLFit"\nmu = true\n[run]', "pair_force.mu = True"),
        ("[run]", '[[reactions]]\ntype = "Annihilation"\nmu = "a"\n[run]', "mu = 'a'"),
        ("[run]", '[[external]]\ntype = "UniformDrive"\nforce = ["a", 0]\n[run]', "force = "),
        ("[run]", '[pair_force]\ntype = "FromFunction"\n[run]', "needs a Python script"),
        ("[run]", '[[external]]\ntype = "UniformDrive"\n[run]', "external[0].force: missing"),
        ("[run]", '[[external]]\ntype = "UniformDrive"\nforce = [1]\n[run]', "external[0]"),
        ("[run]", '[[external]]\ntype = "GaussianPins"\nn = 3\n[run]', "external[0].arrangement"),
        ("[run]", '[external]\ntype = "UniformDrive"\n[run]', "external"),
        ("[run]", '[[reactions]]\ntype = "Annihilation"\n[run]', "give one of distance, mu, kappa"),
        ("[run]", '[[reactions]]\ntype = "Fusion"\n[run]', "reactions[0].type = 'Fusion'"),
        ("[run]", "[pair_friction]\nd = [1, 2]\n[run]", "pair_friction.type: missing"),
        ("[run]", "pair_friction = 0.5\n[run]", "start.pair_friction: unknown key"),
        (
            "[run]",
            '[pair_friction]\ntype = "TabulatedFrictio"\n[run]',
            "did you mean 'TabulatedFriction'?",
        ),
        ("[run]", '[pair_friction]\ntype = "London"\n[run]', "pair_friction.type = 'London'"),
        ("[run]", '[pair_friction]\ntype = "TabulatedFriction"\n[run]', "pair_friction.d: missing"),
        (
            "[run]",
            '[pair_friction]\ntype = "TabulatedFriction"\nfile = "no.csv"\n[run]',
            "pair_friction.file = 'no.csv'",
        ),
        ("[run]", f"{FRICTION.replace('1.0]', '1.5]')}[run]", "pair_friction: gamma[3] = 1.5"),
        ("[run]", f"{FRICTION}n3 = 1\n[run]", "pair_friction.n3: unknown key"),
        (
            "[run]",
            '[pair_friction]\ntype = "FrictionByPair"\n[run]',
            "pair_friction.laws: give a list of tables",
        ),
        (
            "[run]",
            '[pair_friction]\ntype = "FrictionByPair"\nlaws = [{ type = "TabulatedFriction" }]\n[run]',
            "pair_friction.laws[0].pair: give two winding numbers",
        ),
        (
            "[run]",
            '[pair_friction]\ntype = "FrictionByPair"\n'
            'laws = [{ pair = [[1], 1], type = "TabulatedFriction" }]\n[run]',
            "pair_friction.laws[0].pair: give two winding numbers",
        ),
        (
            "[run]",
            '[pair_friction]\ntype = "FrictionByPair"\nlaws = [\n'
            '{ pair = [1, 1], type = "TabulatedFriction", d = [1, 2, 3, 4], gamma = [0.2, 0.6, 0.9, 1] },\n'
            '{ pair = [1, 1], type = "TabulatedFriction", d = [1, 2, 3, 4], gamma = [0.2, 0.6, 0.9, 1] },\n'
            "]\n[run]",
            "pair_friction.laws[1].pair = [1, 1]: given twice",
        ),
        (
            "[run]",
            '[pair_friction]\ntype = "TabulatedFriction"\nfile = "f.csv"\nd = [1, 2]\n[run]',
            "pair_friction.file: give either a file",
        ),
        (
            "[run]",
            '[pair_friction]\ntype = "TabulatedFriction"\nfile = 3\n[run]',
            "pair_friction.file = 3: give the name of a file",
        ),
        ("[run]", f"{FRICTION.replace('1.0]', '1.0e200]')}[run]", "pair_friction:"),
        (
            "[run]",
            '[pair_friction]\ntype = "FrictionByPair"\n'
            'laws = [{ pair = [1, 1], type = "FrictionByPair" }]\n[run]',
            "pair_friction.laws[0].type = 'FrictionByPair'",
        ),
        (
            "[run]\n",
            f"{FRICTION}[run]\ntemperature = 0.1\n",
            "pair_friction: for temperature 0 only",
        ),
        (
            "[run]\n",
            f"{FRICTION}[run]\nanneal = {{ to_temperature = 0.1 }}\n",
            "pair_friction: for temperature 0 only, and it reaches 0.1",
        ),
    ],
)
def test_mistakes_are_named(tmp_path, old, new, message):
    assert old in MINIMAL
    with pytest.raises(config.ConfigError) as error:
        build.simulation(read(tmp_path, MINIMAL.replace(old, new, 1)))
    assert message in str(error.value)


def test_not_toml(tmp_path):
    with pytest.raises(config.ConfigError, match="not a TOML file"):
        read(tmp_path, "[start")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(config.ConfigError, match="not a TOML file"):
        config.read(tmp_path / "binary.toml")
    with pytest.raises(config.ConfigError, match="no such file"):
        config.read(tmp_path / "nothing.toml")


def test_uncovered_windings_are_named(tmp_path):
    text = MINIMAL.replace("n = 64", "n = 64\nwinding = 2").replace(
        "[run]", '[pair_force]\ntype = "GLFit"\nmu = 1.7\n[run]'
    )
    with pytest.raises(config.ConfigError, match=r"windings \(2, 2\).*Interaction"):
        build.simulation(read(tmp_path, text))


def test_reference_in_docs_is_current():
    assert (ROOT / "docs" / "configuration.md").read_text() == config_reference.reference()


def test_every_example_in_the_reference_is_valid(tmp_path):
    blocks = re.findall(r"```toml\n(.*?)```", config_reference.reference(), flags=re.S)
    assert len(blocks) == 4 + sum(map(len, config_reference.EXAMPLES.values()))
    start, run, anneal, output = blocks[:4]
    # Keys that exclude each other stand side by side in the reference.
    start = "".join(
        line
        for line in start.splitlines(keepends=True)
        if line.split(" ")[0] not in ("lengths", "boundary", "file", "fits_lattice")
    )
    run = run.replace("anneal = { to_temperature = 0.0 } ", "# ")
    for block in blocks[4:]:
        text = start + run + anneal + output + block
        text = text.replace('{ "+1" = 0.9, "-1" = 0.1 }', "1", 1)
        if "[regions]" in block:
            text = text.replace("density = 0.05", "lengths = [40.0, 20.0]").replace("3.0", "0.3", 1)
        if "HarmonicTrap" in block:
            text = text.replace(
                "density = 0.05", 'lengths = [80.0, 90.0]\nboundary = ["periodic", "free"]'
            )
        if "[pair_friction]" in block:
            text = text.replace("temperature = 1e-3", "temperature = 0.0")
        build.simulation(read(tmp_path, text))


# Files with a [network] are for `vortexmd flux`.
RUNS = [p for p in sorted((ROOT / "examples").glob("*.toml")) if "[network" not in p.read_text()]


@pytest.mark.parametrize("path", RUNS, ids=lambda p: p.name)
def test_examples_are_valid(path):
    assert len(build.simulation(config.read(path)).state) > 0
