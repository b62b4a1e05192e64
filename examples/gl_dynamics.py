"""Two vortices of the molecular dynamics retrace those of time-dependent Ginzburg-Landau theory.

A giant vortex at mu = 1.7 splits, and a vortex and an antivortex close until they annihilate. Once both
are solved as fields (time-dependent GL), once as two points with the force and the friction that the
fields give (GLDynamic), and once more as points whose friction does not know of the other.

Writes gl_dynamics.png; takes about half a minute.
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import gl_reference as gl
import potentials as pot
import vortexmd as vmd

MU = 1.7
law = pot.GLDynamic(MU)


def points(winding, start, end, dt, steps, pair_friction):
    """Times of the GL equations and separations of two points."""
    box = vmd.Box((60.0, 60.0), boundary=("free", "free"))
    pair = vmd.Vortices([[30 - start / 2, 30], [30 + start / 2, 30]], winding, box=box)
    sim = vmd.Simulation(pair, law, dt=dt, pair_friction=pair_friction)
    times, separations = [0.0], [start]
    for _ in range(steps):
        sim.run(1)
        d = np.ptp(sim.state.positions[:, 0])
        times.append(sim.time * law.time_unit)
        separations.append(d)
        if (d - end) * (start - end) < 0:
            break
    return np.array(times), np.array(separations)


figure, panels = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
cases = (
    ("vortex and vortex: a giant vortex splits", [1, 1], 1.0, 5.0, 0.02, 12000),
    ("vortex and antivortex: they annihilate", [1, -1], 5.0, 0.4, 0.002, 60000),
)
for panel, (title, winding, start, end, dt, steps) in zip(panels, cases, strict=True):
    track = gl.dynamic_pair(*winding, mu=MU).track
    order = np.argsort(track.d)
    arrival = np.interp([start, end], track.d[order], track.time[order])
    fields = (track.time >= arrival[0]) & (track.time <= arrival[1])
    panel.plot(track.time[fields] - arrival[0], track.d[fields], "k", lw=4, alpha=0.3,
               label="fields: time-dependent GL")  # fmt: skip
    for friction, label, style in (
        (law.pair_friction(), "points: GLDynamic, friction of the pair", "C0"),
        (None, "points: GLDynamic, constant friction", "C3--"),
    ):
        t, d = points(winding, start, end, dt, steps, friction)
        panel.plot(t, d, style, label=label)
        print(
            f"{title}; {label}: {start:g} to {end:g} λ in {t[-1]:.1f}, fields {np.ptp(arrival):.1f}"
        )
    panel.set(
        title=title, xlabel="time of the GL equations", ylabel="separation d (λ)", ylim=(0, 5.3)
    )
panels[0].legend(loc="lower right")
figure.savefig("gl_dynamics.png", dpi=150)
print("gl_dynamics.png")
