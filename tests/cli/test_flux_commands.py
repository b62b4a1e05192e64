"""`vortexmd flux`: what the file says is what is solved; every mistake is one line that names the key."""

import copy
import csv
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from vortexmd import config
from vortexmd import flux_exchange as fx
from vortexmd.cli import main
from vortexmd.flux_command import build as flux_build
from vortexmd.flux_command import config as flux_config
from vortexmd.flux_command import reference as flux_reference
from vortexmd.flux_exchange import FluxNetwork
from vortexmd.flux_exchange.solver import SolverError

ROOT = Path(__file__).parents[2]
# The setting of the paper's Fig. 3, ε = 0.01/s.
FIG3 = """
[network]
kind = "two_regions"
epsilon = 0.01
p = { kind = "linear", u0 = 15.0, b_max = 20.0 }
q = { kind = "linear", u0 = 75.0, b_max = 100.0 }
[start]
b = [20.0, 20.0]
[times]
values = [10.0, 100.0, 10000.0]
[solve]
rtol = 1e-10
"""
# Converged B_p at εt = 0.1, 1, 100 and the equilibria, in G, for the linear and the logarithmic law: the
# reference values that the model is stated with.
REFERENCE = {
    "linear": ([18.80619672154, 16.46991505922, 10.91537486937], [3.74304919e-12, 40.0]),
    "logarithmic": ([18.81484573112, 16.62475792286, 12.28206192851], [0.27557469, 39.72442531]),
}
CYLINDER = """
[network]
kind = "cylinder"
radius = 2.0
layer = 0.2
bulk = { kind = "logarithmic", u0 = 20.0, b_max = 1000.0 }
surface = { kind = "linear", u0 = 40.0, b_max = 200.0 }
attempt_rate = 1e9
hop_distance = 0.01
[start]
b = 1000.0
[times]
first = 1e-9
last = 1.0
number = 20
[solve]
surface = "two_stage"
[curves]
vary = "network.radius"
values = [2.0, 20.0]
[figure]
kind = "surface"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flux(capsys, text, *options):
    """`vortexmd flux fig.toml --json` of a text: the plain data it prints."""
    Path("fig.toml").write_text(text)
    assert main(["flux", "fig.toml", "--json", *options]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def rows(path="fig.csv"):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def without_figure(text):
    return text + '[figure]\nkind = "none"\n'


@pytest.mark.parametrize("law", REFERENCE)
def test_the_published_setting_gives_the_reference_values(folder, capsys, law):
    about = flux(capsys, without_figure(FIG3.replace('"linear"', f'"{law}"')))
    (case,) = about["cases"]
    fields, equilibrium = REFERENCE[law]
    np.testing.assert_allclose(np.array(case["b"])[:, 0], fields, rtol=1e-8)
    np.testing.assert_allclose(np.sum(case["b"], axis=1), 40.0, rtol=1e-12)
    np.testing.assert_allclose(case["equilibrium"], equilibrium, rtol=1e-7)
    assert about["units"] == {"field": "G", "time": "s", "length": "cm"}
    assert about["files"] == ["fig.csv"]


def test_panels_and_curves_multiply(folder, capsys):
    text = FIG3 + (
        '[curves]\nvary = "network.epsilon"\nvalues = [0.0, 0.01, 0.1]\n'
        '[[panel]]\ntitle = "lin"\n[[panel]]\ntitle = "log"\n'
        'network.p.kind = "logarithmic"\nnetwork.q.kind = "logarithmic"\n'
    )
    about = flux(capsys, text)
    assert [(c["panel"], c["value"]) for c in about["cases"]] == [
        (panel, value) for panel in ("lin", "log") for value in (0.0, 0.01, 0.1)
    ]
    still, slow, fast, *_, log_slow, log_fast = (np.array(c["b"]) for c in about["cases"])
    np.testing.assert_array_equal(still, 20.0)
    # Solutions depend on εt alone.
    np.testing.assert_allclose(fast[0], slow[1], rtol=1e-8)
    np.testing.assert_allclose(log_fast[0], log_slow[1], rtol=1e-8)
    assert log_slow[2, 0] == pytest.approx(REFERENCE["logarithmic"][0][2], rel=1e-8)
    assert about["cases"][0]["equilibrium"] == pytest.approx([20.0, 20.0], rel=1e-13)
    assert about["files"] == ["fig.csv", "fig.png"]
    assert Path("fig.png").stat().st_size > 10_000
    assert len(rows()) == 18
    assert {row["panel"] for row in rows()} == {"lin", "log"}


def test_the_table_holds_every_time_in_full_precision(folder, capsys):
    text = FIG3.replace("values = [10.0, 100.0, 10000.0]", "first = 1e-3\nlast = 1e4\nnumber = 50")
    flux(capsys, without_figure(text + '[units]\nfield = "mT"\ntime = "h"\n'))
    table = rows()
    assert list(table[0]) == ["t / h", "p / mT", "q / mT", "B_t / mT", "-dlnB_t/dlnt"]
    law = [fx.ActivationLaw("linear", u, b) for u, b in ((15.0, 20.0), (75.0, 100.0))]
    net = FluxNetwork.two_regions(*law, epsilon=0.01)
    times = np.geomspace(1e-3, 1e4, 50)
    b = net.solve([20.0, 20.0], times, rtol=1e-10).b
    np.testing.assert_array_equal([float(row["t / h"]) for row in table], times)
    written = [[float(row["p / mT"]), float(row["q / mT"])] for row in table]
    np.testing.assert_array_equal(written, b)


def test_approximate_solutions_say_how_long_they_hold(folder, capsys):
    text = FIG3 + "approximate = true\n"
    # A strong contrast: they hold to the end.
    (case,) = flux(capsys, without_figure(text))["cases"]
    assert case["approximation_holds_until"] is None
    held = np.array([float(row["p approximate / G"]) for row in rows()])
    np.testing.assert_allclose(held, REFERENCE["linear"][0], rtol=1e-8)
    # Two regions of one law exchange nothing in fact, but the closed form empties the first at ε/s:
    # 1 − e^{−εt} = 1 %.
    weak = text.replace("u0 = 15.0, b_max = 20.0", "u0 = 0.0, b_max = 100.0").replace("75.0", "0.0")
    (case,) = flux(capsys, without_figure(weak), "--force")["cases"]
    assert case["approximation_holds_until"] == pytest.approx(-np.log(0.99) / 0.01, rel=1e-5)
    assert main(["flux", "fig.toml", "--force"]) == 0
    assert "p true to 1 % up to t = 1.005 s" in capsys.readouterr().out


def test_whole_vortices(folder, capsys):
    text = without_figure(FIG3 + "[sample]\nflux_quantum = 0.5\nn_runs = 400\nseed = 3\n")
    (case,) = flux(capsys, text)["cases"]
    mean, variance = np.array(case["sample_mean"]), np.array(case["sample_variance"])
    # Forty vortices a region: their mean is that of the equations to O(1/N), here 1 to 2 %.
    np.testing.assert_allclose(mean[:, 0], REFERENCE["linear"][0], rtol=0.03)
    np.testing.assert_allclose(mean.sum(axis=1), 40.0, rtol=1e-12)
    assert (variance > 0).all()
    spread = [float(row["q sample s.d. / G"]) for row in rows()]
    np.testing.assert_allclose(spread, np.sqrt(variance[:, 1]), rtol=1e-12)
    flux(capsys, text.replace("seed = 3", "seed = 4"), "-o", "other")
    assert rows("other.csv") != rows()
    flux(capsys, text, "-o", "same")
    assert rows("same.csv") == rows()


def test_two_stages_of_a_surface_layer(folder, capsys):
    about = flux(capsys, CYLINDER)
    thin, thick = about["cases"]
    assert thin["regions"] == ["bulk", "surface"]
    times = np.geomspace(1e-9, 1.0, 20)
    for case, radius in ((thin, 2.0), (thick, 20.0)):
        # Eq. 24 with its weight.
        a = 1 - (1 - 0.2 / radius) ** 2
        b = np.array(case["b"])
        np.testing.assert_allclose(case["total_field"], b @ [1 - a, a], rtol=1e-12)
        assert times[0] < case["switch_time"] < 1e-5
        # The liquid stage is Eq. 22, whose solution is Eq. 20.
        epsilon = 1e9 * 0.01 / (radius - 0.2)
        np.testing.assert_allclose(b[0, 0], 1000 * (1 + 20 * epsilon * 1e-9) ** -0.05, rtol=1e-7)
    assert Path("fig.png").stat().st_size > 10_000
    Path("fig.toml").write_text(CYLINDER.replace('"surface"', '"none"'))
    assert main(["flux", "fig.toml", "--force"]) == 0
    out = capsys.readouterr().out
    assert "−dlnB_t/dlnt" in out and "the layer pins from t = " in out


def test_phase_portrait_of_several_starts(folder, capsys):
    text = FIG3.replace("[20.0, 20.0]", "[[20.0, 20.0], [10.0, 10.0]]") + (
        '[curves]\nvary = "network.gamma"\nvalues = [0.5, 2.0]\n[figure]\nkind = "phase_portrait"\n'
    )
    about = flux(capsys, text)
    assert [case["start"] for case in about["cases"]] == 2 * [[20.0, 20.0], [10.0, 10.0]]
    for case in about["cases"]:
        b, gamma = np.array(case["b"]), case["value"]
        # Eq. 11: straight lines of slope −γ.
        line = -gamma * (b[:, 1] - case["start"][1]) + case["start"][0]
        np.testing.assert_allclose(b[:, 0], line, rtol=1e-11)
    assert Path("fig.png").stat().st_size > 10_000
    assert {(row["network.gamma"], row["start"]) for row in rows()} == {
        (g, s) for g in ("0.5", "2.0") for s in "01"
    }


def test_a_listed_network_is_the_script_it_mirrors(folder, capsys):
    text = """
[network]
kind = "listed"
attempt_rate = 0.2
hop_distance = 1.0
temperature = 2.0
above_b_max = "extend"
outside = { b_applied = 5.0, lengths = { left = 1.5, "2" = 0.5 }, entry_barrier = 0.1 }
[[network.regions]]
name = "left"
area = 1.0
law = { kind = "linear", u0_energy = 30.0, b_max = 20.0 }
[[network.regions]]
name = "mid"
area = 2.0
law = { kind = "inverse_power", u0 = 10.0, b_max = 30.0, exponent = 0.5 }
[[network.regions]]
area = 0.5
law = { kind = "logarithmic", u0 = 8.0, b_max = 25.0 }
[[network.interfaces]]
between = ["left", "mid"]
length = 1.0
[[network.interfaces]]
between = ["mid", 2]
length = 0.7
[start]
b = [20.0, 10.0, 25.0]
[times]
values = [0, 1, 100]
[figure]
time_scale = "linear"
"""
    (case,) = flux(capsys, text)["cases"]
    laws = [
        fx.ActivationLaw("linear", u0_energy=30.0, b_max=20.0),
        fx.ActivationLaw("inverse_power", u0=10.0, b_max=30.0, exponent=0.5),
        fx.ActivationLaw("logarithmic", u0=8.0, b_max=25.0),
    ]
    net = FluxNetwork(
        [fx.Region(a, law) for a, law in zip((1.0, 2.0, 0.5), laws, strict=True)],
        [fx.Interface(0, 1, 1.0), fx.Interface(1, 2, 0.7)],
        0.2,
        1.0,
        fx.Outside(5.0, {0: 1.5, 2: 0.5}, 0.1),
        above_b_max="extend",
        temperature=2.0,
    )
    solution = net.solve([20.0, 10.0, 25.0], [0, 1, 100])
    np.testing.assert_array_equal(case["b"], solution.b)
    np.testing.assert_array_equal(case["relaxation_rate"], solution.relaxation_rate)
    assert case["regions"] == ["left", "mid", "region 2"]


def test_chains_grids_and_many_regions(folder, capsys):
    law = '{ kind = "logarithmic", u0 = 3.0, b_max = 30.0 }'
    common = f"laws = {law}\nattempt_rate = 1.0\nhop_distance = 0.5\n"
    after = "[start]\nb = 20.0\n[times]\nvalues = [1.0, 10.0]\n"
    outside = "outside = { b_applied = 0.0 }\n"
    chain = f'[network]\nkind = "chain"\ncells = 9\ncell_width = 1.0\n{common}{outside}{after}'
    (case,) = flux(capsys, chain)["cases"]
    b = np.array(case["b"])
    assert b.shape == (2, 9)
    np.testing.assert_allclose(b, b[:, ::-1], rtol=1e-7)
    assert (np.diff(b[:, :5], axis=1) > 0).all()
    grid = f'[network]\nkind = "grid"\nshape = [5, 4]\ncell = [1.0, 2.0]\n{common}{outside}{after}'
    grid += '[curves]\nvary = "network.outside.b_applied"\nvalues = [0.0, 10.0]\n'
    empty, filled = flux(capsys, grid, "--force")["cases"]
    assert np.shape(filled["b"]) == (2, 20)
    assert (np.array(filled["b"]) > empty["b"]).all()
    assert main(["flux", "fig.toml", "--force"]) == 0
    assert "smallest / G" in capsys.readouterr().out


@pytest.mark.slow
def test_regions_by_their_shapes(folder, capsys):
    law = '{ kind = "linear", u0 = 5.0, b_max = 30.0 }'
    network = (
        f'[network]\nkind = "geometry"\nlaws = {law}\nattempt_rate = 1.0\nhop_distance = 0.5\n'
        "[start]\nb = [20.0, 10.0]\n[times]\nvalues = [1.0]\n"
    )
    shapes = "[regions]\nrectangles = [[0, 0, 2, 3], [2, 0, 6, 3]]\nnames = ['a', 'b']\n"
    (case,) = flux(capsys, without_figure(network + shapes))["cases"]
    listed = FluxNetwork(
        [fx.Region(a, fx.ActivationLaw("linear", 5.0, 30.0)) for a in (6.0, 12.0)],
        [fx.Interface(0, 1, 3.0)],
        1.0,
        0.5,
    )
    expected = listed.solve([20.0, 10.0], [1.0]).b
    np.testing.assert_allclose(case["b"], expected, rtol=1e-12)
    assert case["regions"] == ["a", "b"]
    # The same as pixels: twelve columns of half a unit, in a file whose lines run in x.
    np.savetxt("labels.txt", np.repeat([[0] * 4 + [1] * 8], 6, axis=0), fmt="%d")
    raster = "[regions]\nraster = 'labels.txt'\npixel = 0.5\n"
    (case,) = flux(capsys, without_figure(network + raster), "--force")["cases"]
    np.testing.assert_allclose(case["b"], expected, rtol=1e-12)
    np.save("labels.npy", np.repeat([[0] * 6, [1] * 6], [4, 8], axis=0))
    raster = "[regions]\nraster = 'labels.npy'\npixel = 0.5\n"
    (case,) = flux(capsys, without_figure(network + raster), "--force")["cases"]
    np.testing.assert_allclose(case["b"], expected, rtol=1e-12)


def test_nothing_is_overwritten(folder, capsys):
    flux(capsys, FIG3)
    before = {name: Path(name).read_bytes() for name in ("fig.csv", "fig.png")}
    for options in ([], ["-o", "fig"], ["-o", "fig.png"]):
        assert main(["flux", "fig.toml", *options]) == 2
        assert "exists; choose another, or pass --force" in capsys.readouterr().err
    # The picture alone is in the way.
    Path("fig.csv").unlink()
    assert main(["flux", "fig.toml"]) == 2
    assert "fig.png: exists" in capsys.readouterr().err
    assert not Path("fig.csv").exists()
    assert main(["flux", "fig.toml", "--force", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert Path("fig.csv").read_bytes() == before["fig.csv"]
    assert main(["flux", "fig.toml", "-o", "v1.5"]) == 0
    assert main(["flux", "fig.toml", "-o", "drawn.svg"]) == 0
    assert capsys.readouterr().out.endswith("drawn.csv, drawn.svg\n")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("drawn.csv", "drawn.svg", "fig.csv", "fig.png", "fig.toml", "v1.5.csv", "v1.5.png")
    ]


MISTAKES = [
    ("epsilon = 0.01", "epsilom = 0.01", "did you mean network.epsilon?"),
    (
        "epsilon = 0.01",
        "epsilon = -1.0",
        "network: epsilon = -1.0: give a finite number, 0 or more",
    ),
    ("epsilon = 0.01", "epsilon = nan", "network: epsilon = nan"),
    ("epsilon = 0.01", "epsilon = true", "network.epsilon = True"),
    ("epsilon = 0.01", "", "network.epsilon: missing"),
    ("epsilon = 0.01", "epsilon = 0.01\ngamma = 0.0", "network: gamma = 0.0"),
    ('kind = "two_regions"', "", "network.kind = None: give one of listed, two_regions"),
    ('kind = "two_regions"', 'kind = "ring"', "network.kind = 'ring'"),
    ('kind = "two_regions"', 'kind = ["ring"]', "network.kind = ['ring']"),
    ("epsilon = 0.01", "epsilon = 0.01\noutside = 3", "network.outside = 3: give a table"),
    ("epsilon = 0.01", "epsilon = 0.01\noutside = { lengths = 3 }", "outside.lengths = 3: give"),
    ('kind = "two_regions"', 'kind = "geometry"', "regions: goes with network.kind = 'geometry'"),
    ("u0 = 15.0", "u0 = -15.0", "network.p: law.u0 = -15.0"),
    ("u0 = 15.0", "u00 = 15.0", "network.p.u00: unknown key; did you mean network.p.u0?"),
    ('p = { kind = "linear"', 'p = { kind = "liner"', "network.p: law.kind = 'liner'"),
    ("u0 = 15.0", "u0_energy = 15.0", "temperature: missing"),
    ("b = [20.0, 20.0]", "b = [20.0]", "start.b: (1,) fields for 2 regions"),
    ("b = [20.0, 20.0]", "b = [20.0, -1.0]", "start.b[1] = -1.0"),
    ("b = [20.0, 20.0]", "b = [21.0, 20.0]", "start.b[0] = 21 exceeds B_m = 20"),
    ("b = [20.0, 20.0]", "b = [[20.0, 20.0], [1.0]]", "start.b[1]: (1,) fields"),
    ("b = [20.0, 20.0]", "b = []", "start.b: (0,) fields"),
    ("b = [20.0, 20.0]", 'b = "many"', "start.b = 'many': give a number or a list"),
    ("[10.0, 100.0, 10000.0]", "[10.0, 5.0]", "times"),
    ("[10.0, 100.0, 10000.0]", "[]", "times.values: 0 times"),
    ("[10.0, 100.0, 10000.0]", "[-1.0]", "times"),
    ("values = [10.0, 100.0, 10000.0]", "first = 1.0", "times.last: missing"),
    ("values = [10.0, 100.0, 10000.0]", "first = 1.0\nlast = 0.5", "give 0 ≤ first < last"),
    ("values = [10.0, 100.0, 10000.0]", "first = 0\nlast = 5", "times.first = 0.0"),
    ("values = [10", "first = 1\nvalues = [10", "times.values, times.first: give one of the two"),
    ("rtol = 1e-10", "rtol = 1.0", "solve: rtol = 1"),
    ("rtol = 1e-10", 'surface = "half"', "solve: surface = 'half'"),
    ("rtol = 1e-10", 'surface = "two_stage"', "FluxNetwork.cylinder"),
    ("rtol = 1e-10", 'method = "euler"', "solve: method = 'euler'"),
    ("rtol = 1e-10", "approximate = true\nfraction = 2", "solve: fraction = 2"),
    ("rtol = 1e-10", "source = 2", "solve.source = 2"),
    ("rtol = 1e-10", "fraction = 0", "solve.fraction = 0"),
    ("[solve]", "[sample]\nflux_quantum = 0\n[solve]", "sample.flux_quantum = 0"),
    ("[solve]", "[sample]\nflux_quantum = 1\nn_runs = 0\n[solve]", "sample.n_runs = 0"),
    ("[solve]", '[figure]\nkind = "movie"\n[solve]', "figure.kind = 'movie'"),
    ("[solve]", '[figure]\nkind = "surface"\n[solve]', "goes with network.kind = 'cylinder'"),
    ("[solve]", '[figure]\ntime_scale = "sqrt"\n[solve]', "figure.time_scale = 'sqrt'"),
    ("[solve]", '[curves]\nvary = "times.last"\nvalues = [1]\n[solve]', "curves.vary"),
    ("[solve]", '[curves]\nvary = "network.q.z.u"\nvalues = [1]\n[solve]', "there is no 'z'"),
    ("[solve]", '[curves]\nvary = "network.epsilon"\nvalues = []\n[solve]', "curves.values: 0"),
    ("[solve]", '[curves]\nvary = "network.epsilon"\nvalues = ["a"]\n[solve]', "epsilon = 'a'"),
    ("[solve]", '[[panel]]\ntitle = "a"\nstart.c = 1\n[solve]', "panel[0].start.c: unknown key"),
    ("[solve]", '[[panel]]\ntitle = "a"\nnetwork.r = 1\n[solve]', "panel[0].network.r: unknown"),
    ("[solve]", '[[panel]]\ntitle = "a"\nnetwork.kind = "x"\n[solve]', "panel[0].network.kind"),
    ("[solve]", "[panels]\n[solve]", "panels: unknown key; did you mean panel?"),
    ("[start]", "[regions]\n[start]", "regions: goes with network.kind = 'geometry'"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistakes_are_one_line(folder, capsys, old, new, message):
    assert old in FIG3
    Path("fig.toml").write_text(FIG3.replace(old, new, 1))
    assert main(["flux", "fig.toml"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("vortexmd: fig.toml: ") and error.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["fig.toml"]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("regions = 3", "network.regions: give tables, [[network.regions]]"),
        ("[[network.regions]]\nlaw = { kind = 'linear' }", "network.regions[0].law: law.b_max"),
        ("[[network.regions]]\nlaw = 1", "network.regions[0].law = 1: give a table"),
        ("[[network.interfaces]]\nlength = 1", "network.interfaces[0].between: give two regions"),
        (
            "[[network.interfaces]]\nbetween = ['a', 'b']\nlength = 1",
            "network.interfaces[0].between: 'a' is no region",
        ),
    ],
)
def test_mistakes_in_lists_are_named(folder, capsys, listed, message):
    head = '[network]\nkind = "listed"\nattempt_rate = 1.0\nhop_distance = 1.0\n'
    Path("fig.toml").write_text(f"{head}{listed}\n[start]\nb = 1.0\n[times]\nvalues = [1.0]\n")
    assert main(["flux", "fig.toml"]) == 2
    assert message in capsys.readouterr().err


WRONG = ["a", -1, [], [1, "b"], {"a": 1}, float("nan"), float("inf"), True, [[1, 2], [3]], ""]


def keys(data, path=()):
    """The path of every key of nested tables and lists."""
    for key in data if isinstance(data, dict) else range(len(data)):
        yield (*path, key)
        if isinstance(data[key], (dict, list)):
            yield from keys(data[key], (*path, key))


@pytest.mark.filterwarnings("ignore::vortexmd.flux_exchange.FluxExchangeWarning")
@pytest.mark.parametrize("kind", flux_reference.NETWORKS)
def test_no_wrong_value_anywhere_ends_in_a_traceback(kind):
    example = flux_reference.NETWORKS[kind][1]
    data = tomllib.loads(f'[network]\nkind = "{kind}"\n{example}\n[start]\nb = 5.0\n[times]\n')
    data["times"] = {"first": 1.0, "last": 2.0, "number": 3, "spacing": "log"}
    refused = 0
    for path in list(keys(data)):
        for wrong in WRONG:
            changed = copy.deepcopy(data)
            place = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = wrong
            try:
                flux_build.cases(config.table(flux_config.FluxConfig, changed, ""))
            except ValueError:
                refused += 1
    assert refused > 5 * len(list(keys(data)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"surface"', '"phase_portrait"', "figure.kind = 'phase_portrait': goes with two regions"),
        ("[solve]", "[solve]\napproximate = true", "solve.approximate: goes with two regions"),
        ("values = [2.0, 20.0]", "values = [0.1, 20.0]", "layer = 0.2"),
        ("[figure]", '[[panel]]\ntitle = "a"\n[figure]', "goes without [[panel]]"),
        ("first = 1e-9\nlast = 1.0\nnumber = 20", "values = [0.0]", "times: none above 0"),
        ('"two_stage"', '"full"', "start.b[1] = 1000 exceeds B_m = 200"),
    ],
)
def test_what_does_not_go_with_a_cylinder_is_said(folder, capsys, old, new, message):
    assert old in CYLINDER
    Path("fig.toml").write_text(CYLINDER.replace(old, new, 1))
    assert main(["flux", "fig.toml"]) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["fig.toml"]


def test_a_missing_file_and_a_bad_picture(folder, capsys):
    assert main(["flux", "none.toml"]) == 2
    assert capsys.readouterr().err == "vortexmd: none.toml: no such file\n"
    Path("fig.toml").write_text(FIG3)
    assert main(["flux", "fig.toml", "-o", "no/such/folder"]) == 2
    assert "the folder" in capsys.readouterr().err


def test_a_solver_that_fails_is_said(folder, capsys, monkeypatch):
    def fail(*arguments, **options):
        raise SolverError("the step became too small")

    monkeypatch.setattr(FluxNetwork, "solve", fail)
    Path("fig.toml").write_text(FIG3)
    assert main(["flux", "fig.toml"]) == 1
    assert capsys.readouterr().err == "vortexmd: fig.toml: the step became too small\n"


@pytest.mark.parametrize("name", ["flux_exchange_fig2", "flux_exchange_fig3", "surface_layer"])
def test_examples_run(folder, capsys, name):
    assert main(["flux", str(ROOT / "examples" / f"{name}.toml")]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.endswith(f"{name}.csv, {name}.png\n")


def test_reference_in_docs_is_current():
    assert (ROOT / "docs" / "flux_configuration.md").read_text() == flux_reference.reference()


def test_every_example_in_the_reference_is_valid(folder, capsys):
    blocks = re.findall(r"```toml\n(.*?)```", flux_reference.reference(), flags=re.S)
    networks, tables = (
        blocks[: len(flux_reference.NETWORKS)],
        blocks[len(flux_reference.NETWORKS) :],
    )
    assert len(tables) == 8
    values = "[times]\nvalues = [0.1, 1.0]\n"
    for network in networks:
        flux(capsys, without_figure(network + "[start]\nb = 5.0\n" + values), "--force")
    start, times, solve, sample, curves, panel, figure, units = tables
    times = re.sub("values = .*\n", "", times).replace("200", "8")
    solve = re.sub("(method|surface) = .*\n", "", solve)
    sample = sample.replace("100", "5")
    whole = networks[0] + start + times + solve + sample + curves + panel + figure + units
    assert len(flux(capsys, whole, "--force")["cases"]) == 3
