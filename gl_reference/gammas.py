"""Make the table of tail amplitudes that `potentials` ships: ``python -m gl_reference.gammas``.

γ₁ and γ₂ (Eq. 7 of Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011)) for
windings 1, 2, 3 and 0.1 ≤ μ ≤ 10, spaced so that splines through them are good to about 1e-6.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from gl_reference.radial import RadialVortex, single_vortex
from gl_reference.table_files import check_folder, write_whole

WINDINGS = (1, 2, 3)
COLUMNS = ("mu", "n", "gamma1", "gamma1_error", "gamma2", "gamma2_error")


def table_mus() -> list[float]:
    """The values of μ: denser towards 0.1, where γ₂ grows steeply, and towards 2, where γ₁ does."""
    pieces = (
        np.arange(0.100, 0.130, 0.005),
        np.arange(0.13, 0.20, 0.01),
        np.arange(0.20, 0.50, 0.02),
        np.arange(0.50, 1.80, 0.05),
        [1.80, 1.84, 1.88, 1.91, 1.93, 1.95, 1.97, 1.98, 1.99],
        [2.0, 2.1, 2.2, 2.35, 2.5, 2.75, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0, 9.0, 10.0],
    )
    return sorted({round(float(mu), 3) for mu in np.concatenate(pieces)})


def _row(vortex: RadialVortex) -> tuple[str, ...]:
    cells = [f"{vortex.mu:g}", f"{vortex.n}"]
    for value, error in (
        (vortex.gamma1, vortex.gamma1_error),
        (vortex.gamma2, vortex.gamma2_error),
    ):
        cells += ["", ""] if np.isnan(value) else [f"{value:.12g}", f"{error:.1e}"]
    return tuple(cells)


def gamma_table(mus: Sequence[float], windings: Iterable[int]) -> str:
    """The table as text: what made it, then one row per winding and μ; no γ₁ where μ ≥ 2."""
    text = io.StringIO()
    text.write(
        "# Tail amplitudes of vortices: f -> 1 + gamma1 K0(mu r), a -> 1 + gamma2 r K1(r), r in λ.\n"
        f"# Made by: python -m gl_reference.gammas (vortexmd {metadata.version('vortexmd')})\n"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for n in windings:
        writer.writerows(_row(single_vortex(n, mu)) for mu in mus)
    return text.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table and say where."""
    parser = argparse.ArgumentParser(prog="python -m gl_reference.gammas", description=main.__doc__)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("tail_amplitudes.csv"),
        help="default: %(default)s",
    )
    output = parser.parse_args(arguments).output
    try:
        check_folder(output.parent)
    except ValueError as error:
        parser.error(str(error))
    write_whole(output, gamma_table(table_mus(), WINDINGS))
    print(output)


if __name__ == "__main__":
    main()
