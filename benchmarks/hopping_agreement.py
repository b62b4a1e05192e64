"""Hops in the box against the exact count process of the same geometry, and where the two must part.

    python -m benchmarks.hopping_agreement [--runs 600] [--json FILE] [--plot FILE]

Well mixed vortices (thermal steps longer than a region, no forces) follow the count-level process with the
conductances of the hops themselves: means and variances in six geometries, in standard errors. With mixing
slowed down the layers at the interface empty: the fields of the box leave those of the equations, drawn.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vortexmd as vmd
from vortexmd import flux_exchange as fx

WEAK = fx.ActivationLaw("linear", u0=1.0, b_max=2.0)
STRONG = fx.ActivationLaw("logarithmic", u0=1.5, b_max=3.0)
TIMES = np.array([60, 180, 500])
ALLOWED = 3.0


def rectangles(cells: list[list[float]], boundary: Any = "reflecting") -> vmd.Regions:
    """Regions from x0, y0, x1, y1 each."""
    box = vmd.Box((max(c[2] for c in cells), max(c[3] for c in cells)), boundary)
    return vmd.Regions.rectangles(cells, box=box)


def cut_square() -> vmd.Regions:
    """Two triangles and a kite: slanted walls that meet in one point."""
    return vmd.Regions.polygons(
        [
            [[0, 0], [6, 0], [2, 3]],
            [[6, 0], [6, 6], [2, 3]],
            [[6, 6], [0, 6], [0, 0], [2, 3]],
        ],
        box=vmd.Box((6.0, 6.0), "reflecting"),
    )


# name: regions, laws, vortices in each at the start, options
CASES: dict[str, tuple[vmd.Regions, list[fx.ActivationLaw], list[int], dict[str, Any]]] = {
    "two squares": (
        rectangles([[0, 0, 4, 4], [4, 0, 8, 4]]),
        [WEAK, STRONG],
        [24, 4],
        {"hop_distance": 1.0},
    ),
    "narrow strip": (
        rectangles([[0, 0, 4, 4], [4, 0, 4.6, 4], [4.6, 0, 8, 4]]),
        [WEAK, STRONG, WEAK],
        [20, 0, 4],
        {"hop_distance": 1.0, "effective": True},
    ),
    "corner of three": (
        rectangles([[0, 0, 3, 3], [3, 0, 6, 3], [0, 3, 6, 6]]),
        [WEAK, STRONG, WEAK],
        [12, 2, 10],
        {"hop_distance": 0.9, "effective": True},
    ),
    "slanted walls": (
        cut_square(),
        [WEAK, STRONG, WEAK],
        [10, 6, 8],
        {"hop_distance": 0.8, "effective": True},
    ),
    "open box": (
        rectangles([[0, 0, 4, 4], [4, 0, 8, 4]], ("open", "reflecting")),
        [WEAK, STRONG],
        [20, 4],
        {"hop_distance": 1.0, "outside": fx.Outside(0.6, entry_barrier=0.3)},
    ),
    "periodic": (
        rectangles([[0, 0, 4, 5], [4, 0, 8, 5]], "periodic"),
        [WEAK, STRONG],
        [24, 4],
        {"hop_distance": 1.0},
    ),
}


def rule(name: str, **more: Any) -> tuple[vmd.ArrheniusHopping, list[int]]:
    """The hops of a case, and the counts it starts with."""
    regions, laws, counts, options = CASES[name]
    settings = {"attempt_rate": 0.04, "record_events": False, **options, **more}
    return vmd.ArrheniusHopping(regions, laws, **settings), counts


def spread(
    regions: vmd.Regions, counts: list[int], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Positions with so many vortices in each region, evenly."""
    found = []
    for region, count in enumerate(counts):
        while count > 0:
            r = rng.uniform(0, 1, (1, 2)) * regions.box.lengths
            if regions.label(r)[0] == region:
                found.append(r)
                count -= 1
    return np.concatenate(found)


def mixed(hops: vmd.ArrheniusHopping, counts: list[int], seed: int, dt: float = 1.0) -> Any:
    """A simulation whose vortices forget their places from step to step."""
    rng = np.random.default_rng(seed)
    start = vmd.Vortices(spread(hops.regions, counts, rng), 1, hops.regions.box)
    return vmd.Simulation(
        start, None, dt=dt, temperature=18.0 / dt, seed=seed, reactions=[hops], threads=1
    )


def well_mixed_run(hops: vmd.ArrheniusHopping, counts: list[int], seed: int) -> list[Any]:
    """(T, R) counts at TIMES."""
    sim = mixed(hops, counts, seed)
    seen = []
    for steps in np.diff(TIMES, prepend=0):
        sim.run(int(steps))
        seen.append(sim.hopping.counts)
    return seen


def compare(name: str, runs: int) -> dict[str, Any]:
    """Box and count process of a case: means, and differences of means and variances in standard errors."""
    hops, counts = rule(name)
    box = np.array([well_mixed_run(hops, counts, seed) for seed in range(runs)], dtype=float)
    sample = hops.network(effective=True).sample(
        b0=np.array(counts) / hops.regions.area,
        times=TIMES.astype(float),
        flux_quantum=1.0,
        n_runs=20 * runs,
        seed=11,
    )
    exact = np.asarray(sample.counts, dtype=float)
    means = (box.mean(axis=0) - exact.mean(axis=0)) / np.sqrt(
        box.var(axis=0, ddof=1) / runs + exact.var(axis=0, ddof=1) / len(exact)
    )
    # The variance of a sample variance, from the fourth moment of the larger sample.
    centred = exact - exact.mean(axis=0)
    fourth, second = (centred**4).mean(axis=0), (centred**2).mean(axis=0)
    errors = np.sqrt((fourth - second**2) * (1 / runs + 1 / len(exact)))
    variances = (box.var(axis=0, ddof=1) - exact.var(axis=0, ddof=1)) / errors
    return {
        "case": name,
        "runs": runs,
        "box": box.mean(axis=0).tolist(),
        "process": exact.mean(axis=0).tolist(),
        "means_in_errors": means.tolist(),
        "variances_in_errors": variances.tolist(),
    }


def depletion(temperature: float, n: int = 2000, steps: int = 1500) -> dict[str, Any]:
    """Fields in time of a full region beside an empty one that gives nothing back, at r = 1, s = ½."""
    cold = fx.ActivationLaw("linear", u0=300.0, b_max=1e3)
    free = fx.ActivationLaw("linear", u0=0.0, b_max=1e3)
    hops = vmd.ArrheniusHopping(
        rectangles([[0, 0, 10, 10], [10, 0, 20, 10]]),
        [free, cold],
        attempt_rate=2.0,
        hop_distance=0.5,
        record_events=False,
    )
    rng = np.random.default_rng(6)
    start = vmd.Vortices(rng.uniform(0, 10, (n, 2)), 1, hops.regions.box)
    sim = vmd.Simulation(
        start, None, dt=0.02, temperature=temperature, seed=1, reactions=[hops], threads=1
    )
    times, fields = [0.0], [float(sim.hopping.fields[0])]
    for _ in range(50):
        sim.run(steps // 50)
        times.append(sim.time)
        fields.append(float(sim.hopping.fields[0]))
    equations = hops.network().solve([n / 100.0, 0.0], times)
    return {
        "temperature": temperature,
        "r_s2_over_D": 0.25 / temperature if temperature else float("inf"),
        "times": times,
        "b": fields,
        "equations": equations.b[:, 0].tolist(),
        "mixing": sim.hopping.mixing()[0, 1],
        "layer_occupancy": sim.hopping.layer_occupancy()[0, 1],
        "in_layer_at_start": int((start.positions[:, 0] >= 9.5).sum()),
        "hops": sim.hopping.tallies[0, 1],
    }


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """The fields of the full region against time, for every diffusivity."""
    from vortexmd.plotting import style

    @style.styled
    def draw() -> Any:
        figure = style.new_figure()
        ax = style.add_axes(figure, 0, 0, 6.0, 4.0)
        colours = (style.VERMILLION, style.ORANGE, style.GREEN, style.SKY, style.PURPLE)
        for row, colour in zip(rows, colours, strict=False):
            ratio = row["r_s2_over_D"]
            words = "frozen" if np.isinf(ratio) else f"$rs^2/D$ = {ratio:.3g}"
            label = f"{words}: {100 * row['mixing']:.0f} % of the hops"
            ax.plot(row["times"], row["b"], color=colour, label=label)
        ax.plot(rows[0]["times"], rows[0]["equations"], "--", color=style.BLACK, label="equations")
        ax.set_xlabel("time / τ")
        ax.set_ylabel("B of the full region / (vortices per λ²)")
        ax.set_ylim(bottom=0)
        ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
        return style.fit(figure)

    draw().savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=600)
    results = Path("benchmarks/results")
    parser.add_argument("--json", type=Path, default=results / "hopping_agreement.json")
    parser.add_argument("--plot", type=Path, default=results / "hopping_mixing.png")
    arguments = parser.parse_args()
    rows = [compare(name, arguments.runs) for name in CASES]
    print(f"{'geometry':<18} {'largest |z| of means':>21} {'of variances':>13}   counts at the end")
    for row in rows:
        means, variances = (np.abs(row[f"{key}_in_errors"]).max() for key in ("means", "variances"))
        pairs = zip(row["box"][-1], row["process"][-1], strict=True)
        ends = ", ".join(f"{box:.2f} ({process:.2f})" for box, process in pairs)
        verdict = "" if means <= ALLOWED else f"  above {ALLOWED:g}"
        print(f"{row['case']:<18} {means:>21.2f} {variances:>13.2f}   {ends}{verdict}")
    slow = [depletion(temperature) for temperature in (50.0, 1.0, 0.1, 0.02, 0.0)]
    print(f"\n{'rs²/D':>8} {'hops':>6} {'of well mixed':>14} {'layer now':>10}")
    for row in slow:
        print(
            f"{row['r_s2_over_D']:>8.3g} {row['hops']:>6} {row['mixing']:>14.3f} "
            f"{row['layer_occupancy']:>10.3f}"
        )
    print(f"in the layer at the start: {slow[0]['in_layer_at_start']}")
    plot(slow, arguments.plot)
    text = json.dumps({"agreement": rows, "mixing": slow}, indent=1)
    arguments.json.write_text(text.replace("Infinity", '"inf"') + "\n")


if __name__ == "__main__":
    main()
