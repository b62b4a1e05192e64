"""Saving and resuming: to the last bit, and refusals of what cannot be resumed."""

import json
import os

import numpy as np
import pytest
from engine_twins import same_bits

import potentials as pot
import vortexmd as vmd
from vortexmd.files import WriterLock

LONDON = pot.London(f0=1.0, cutoff=3.0)


def start(n=100, **options):
    return vmd.random_vortices(n, 0.8, min_distance=0.3, seed=1, **options)


def in_a_box(boundary, n=100):
    return vmd.random_vortices(n, box=vmd.Box((11.0, 11.0), boundary), min_distance=0.3, seed=1)


def plain(scheme="leimkuhler-matthews"):
    return vmd.Simulation(
        start(), LONDON, dt=0.005, temperature=0.1, seed=3, integrator=scheme, threads=1
    )


def rich():
    """One of everything that a file can hold."""
    state = start(winding={1: 0.7, -1: 0.3})
    pins = vmd.GaussianPins.random(30, depth=0.2, radius=0.3, box=state.box, seed=2)
    return vmd.Simulation(
        state,
        pot.Interaction(
            {(1, 1): pot.London(f0=1.0, cutoff=3.0), (1, -1): pot.Log(q=1.0, cutoff=2.5)}
        ),
        dt=0.002,
        temperature=0.05,
        seed=2**63 + 5,
        external=[
            pins,
            vmd.ParabolicPins([[1.0, 2.0], [3.0, 4.0]], depth=[0.1, 0.2], radius=0.4),
            vmd.UniformDrive((0.1, 0.0)),
            vmd.SinusoidalDrive((0.0, 0.2), frequency=3.0, phase=0.5),
        ],
        reactions=[vmd.Annihilation(distance=0.3)],
        friction={1: 1.0, -1: 1.5},
        skin=0.37,
    )


def leaky():
    return vmd.Simulation(
        in_a_box(("open", "reflecting")), LONDON, dt=0.005, temperature=0.5, seed=1
    )


def trapped():
    return vmd.Simulation(
        in_a_box("free", 20),
        pot.Log(q=1.0),
        dt=0.005,
        temperature=0.1,
        external=vmd.HarmonicTrap(1.0),
        max_displacement=1.0,
    )


def gl():
    return vmd.Simulation(
        vmd.random_vortices(60, 0.05, winding={1: 0.8, -1: 0.2}, min_distance=3.7, seed=1),
        pot.GLFit(1.7),
        dt=0.2,
        temperature=1e-3,
        reactions=[vmd.Annihilation(mu=1.7)],
    )


MAKE = {f.__name__: f for f in (plain, rich, leaky, trapped, gl)}
MAKE["euler"] = lambda: plain("euler-maruyama")


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("cut", [0, 1, 83])
def test_resumed_is_uninterrupted(tmp_path, name, cut):
    make, path = MAKE[name], tmp_path / "run.chk"
    whole, first = make(), make()
    whole.run(160)
    first.run(cut)
    first.save(path)
    second = vmd.Simulation.resume(path)
    assert same_bits(first, second)
    assert second.description() == first.description()
    assert second.energies() == first.energies()
    assert np.array_equal(second.forces(), first.forces())
    second.run(160 - cut)
    assert same_bits(whole, second)
    # The one that was saved goes on unharmed.
    first.run(160 - cut)
    assert same_bits(whole, first)


def test_the_cases_do_what_they_are_for():
    runs = {name: MAKE[name]() for name in ("leaky", "rich")}
    for sim in runs.values():
        sim.run(160)
    assert {event.kind for event in runs["leaky"].events} == {"exit"}
    assert {event.kind for event in runs["rich"].events} == {"annihilation"}


def test_an_anneal_in_progress(tmp_path):
    path = tmp_path / "run.chk"
    whole, half = plain(), plain()
    whole.anneal(to_temperature=0.0, steps=120)

    class StopAt:
        every = 50

        def start(self, sim):
            self.first = sim.step

        def write(self, sim):
            if sim.step > self.first:
                sim.stop()

        def sync(self):
            pass

        def finish(self, sim):
            pass

    half.anneal(to_temperature=0.0, steps=120, writers=[StopAt()], checkpoint=path)
    assert half.step == 50 and half.remaining_steps == 70
    assert half.temperature == pytest.approx(0.1 * 70 / 120, rel=1e-12)
    again = vmd.Simulation.resume(path)
    assert again.remaining_steps == 70 and again.temperature == half.temperature
    again.run(again.remaining_steps)
    assert same_bits(whole, again) and again.temperature == 0.0


def test_ids_are_not_used_again_after_a_resume(tmp_path):
    """The next product gets the next id, though fewer are left than there were."""
    path = tmp_path / "run.chk"
    r = [[5.0, 5.0], [5.2, 5.0], [15.0, 15.0], [15.2, 15.0], [25.0, 25.0], [25.8, 25.0]]
    start = vmd.Vortices(r, [2, -1, 1, -1, 2, -1], vmd.Box((40.0, 40.0)))
    sim = vmd.Simulation(start, LONDON, dt=1e-6, reactions=[vmd.Annihilation(distance=0.5)])
    sim.run(1)
    assert sim.state.ids.tolist() == [4, 5, 6]
    sim.save(path)
    again = vmd.Simulation.resume(path)
    assert again.events == sim.events and again.state.ids.tolist() == [4, 5, 6]
    again.reactions = [vmd.Annihilation(distance=1.0)]
    again.run(1)
    assert again.events[-1].ids == (4, 5) and again.events[-1].product_id == 7
    assert again.state.ids.tolist() == [6, 7]


def test_settings_changed_on_the_way_are_kept(tmp_path):
    path = tmp_path / "run.chk"
    sim = plain()
    sim.run(20)
    sim.dt, sim.temperature = 0.0025, 0.2
    sim.external = [vmd.UniformDrive((0.3, 0.1))]
    sim.reactions = [vmd.Annihilation(distance=0.1)]
    sim.run(20)
    sim.save(path)
    again = vmd.Simulation.resume(path)
    assert same_bits(sim, again) and again.dt == 0.0025
    assert again.time == pytest.approx(0.15, rel=1e-12)
    for one in (sim, again):
        one.run(30)
    assert same_bits(sim, again)


def test_with_nobody_left(tmp_path):
    path = tmp_path / "run.chk"
    r = [[5.0, 5.0], [5.2, 5.0]]
    sim = vmd.Simulation(
        vmd.Vortices(r, [1, -1], vmd.Box((10.0, 10.0))),
        LONDON,
        dt=1e-6,
        reactions=[vmd.Annihilation(distance=0.5)],
    )
    sim.run(2)
    sim.save(path)
    again = vmd.Simulation.resume(path)
    again.run(2)
    assert len(again.state) == 0 and again.step == 4 and again.events == sim.events


def test_the_previous_checkpoint_is_kept(tmp_path):
    path = tmp_path / "run.chk"
    sim = plain()
    for steps in (5, 6, 7):
        sim.run(steps)
        sim.save(path)
    assert vmd.Simulation.resume(path).step == 18
    assert vmd.Simulation.resume(path.with_name("run.chk.previous")).step == 11
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.chk", "run.chk.previous"]


def test_a_run_saves_at_its_end_and_in_between(tmp_path):
    path = tmp_path / "run.chk"
    sim = plain()
    sim.run(12, checkpoint=path, checkpoint_seconds=1e-9)
    assert vmd.Simulation.resume(path).step == 12
    assert vmd.Simulation.resume(path.with_name("run.chk.previous")).step == 11


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_the_one_before_stands_in(tmp_path, harm):
    path = tmp_path / "run.chk"
    whole, sim = plain(), plain()
    whole.run(60)
    for steps in (20, 20):
        sim.run(steps, checkpoint=path)
    if harm == "damaged":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.unlink()
    with pytest.warns(UserWarning, match=r"run\.chk: missing or damaged; .*\.previous, at step 20"):
        again = vmd.Simulation.resume(path)
    again.run(40, checkpoint=path)
    assert same_bits(whole, again)
    assert vmd.Simulation.resume(path).step == 60
    assert (tmp_path / "run.chk.damaged").exists() == (harm == "damaged")


def test_a_resumed_run_keeps_an_older_checkpoint(tmp_path):
    """A second checkpoint of the state it begins with would take its place."""
    path = tmp_path / "run.chk"
    sim = plain()
    sim.run(10, checkpoint=path)
    sim.run(10, checkpoint=path)
    again = vmd.Simulation.resume(path)
    again.run(0, checkpoint=path)
    assert vmd.Simulation.resume(path.with_name("run.chk.previous")).step == 10
    # What was changed at that step is saved all the same.
    again.temperature = 0.3
    again.run(0, checkpoint=path)
    assert vmd.Simulation.resume(path).temperature == 0.3


def test_another_run_at_a_checkpoint_s_place(tmp_path):
    """Nothing of the one before may pass for an earlier state; nothing of it is lost at once either."""
    path = tmp_path / "run.chk"
    sim = plain()
    sim.run(10, checkpoint=path)
    sim.run(10, checkpoint=path)
    other = plain("euler-maruyama")
    other.run(5, checkpoint=path)
    assert vmd.Simulation.resume(path).integrator == "euler-maruyama"
    assert vmd.Simulation.resume(tmp_path / "run.chk.replaced").step == 20
    assert vmd.Simulation.resume(tmp_path / "run.chk.previous").integrator == "euler-maruyama"
    # The first comes back, and must not take the other's for its own.
    sim.save(path)
    assert vmd.Simulation.resume(tmp_path / "run.chk.replaced2").step == 5
    assert not (tmp_path / "run.chk.previous").exists()


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_another_run_where_only_the_older_checkpoint_is_good(tmp_path, harm):
    path = tmp_path / "run.chk"
    sim = plain()
    sim.run(10, checkpoint=path)
    sim.run(10, checkpoint=path)
    if harm == "damaged":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.unlink()
    plain("euler-maruyama").run(5, checkpoint=path)
    assert vmd.Simulation.resume(tmp_path / "run.chk.replaced").step == 10


def test_another_seed_from_a_checkpoint(tmp_path):
    path = tmp_path / "run.chk"
    sim = plain()
    sim.run(30, checkpoint=path)
    branches = [vmd.Simulation.resume(path, seed=s) for s in (3, 4, 5)]
    for branch in branches:
        assert np.array_equal(branch.state.positions, sim.state.positions)
        assert branch.earlier_seeds == [(30, 3)]
        branch.run(30)
    sim.run(30)
    # The seed it had is the same course; others are others, and as hot.
    assert same_bits(sim, branches[0])
    moves = [b.state.positions - sim.state.positions for b in branches[1:]]
    assert all(np.abs(m).max() > 0.01 for m in moves) and not np.array_equal(*moves)
    for bad in (-1, 2**64, 1.5, "7"):
        with pytest.raises(ValueError, match="seed = "):
            vmd.Simulation.resume(path, seed=bad)
    branches[1].save(tmp_path / "branch.chk")
    again = vmd.Simulation.resume(tmp_path / "branch.chk")
    assert again.seed == 4 and again.earlier_seeds == [(30, 3)]


def test_a_link_to_a_checkpoint_stays_a_link(tmp_path):
    (tmp_path / "scratch").mkdir()
    link, real = tmp_path / "run.chk", tmp_path / "scratch" / "run.chk"
    link.symlink_to(real)
    sim = plain()
    sim.run(2, checkpoint=link)
    sim.run(2, checkpoint=link)
    assert link.is_symlink() and vmd.Simulation.resume(link).step == 4
    assert vmd.Simulation.resume(real.with_name("run.chk.previous")).step == 2
    real.write_bytes(real.read_bytes()[:-20])
    with pytest.warns(UserWarning, match="at step 2"):
        again = vmd.Simulation.resume(link)
    again.run(4, checkpoint=link)
    assert link.is_symlink() and vmd.Simulation.resume(link).step == 6
    assert real.with_name("run.chk.damaged").exists()


def test_two_programs_do_not_save_at_once(tmp_path):
    path = tmp_path / "run.chk"
    lock = WriterLock(path)
    with pytest.raises(BlockingIOError, match="being written by process"):
        plain().save(path)
    lock.release()

    class Saver:
        """Saves where the run does, which is one program."""

        every = 5
        start = sync = finish = lambda self, *sim: None

        def write(self, sim):
            sim.save(path)

    sim = plain()
    sim.run(10, writers=[Saver()], checkpoint=path)
    assert vmd.Simulation.resume(path).step == 10


class TestFunctions:
    """What rests on a Python function must be passed again, and is asked for by name."""

    force = staticmethod(lambda r: np.exp(-((r / 1.2) ** 2)))

    def sim(self):
        field = vmd.ExternalForce.from_function(lambda r: -0.1 * np.sin(r))
        return vmd.Simulation(
            start(20), pot.FromFunction(self.force, cutoff=2.4), dt=0.01, external=[field]
        )

    @pytest.mark.filterwarnings("ignore::vortexmd.DensityWarning")
    def test_asked_for_by_name(self, tmp_path):
        path = tmp_path / "run.chk"
        whole, sim = self.sim(), self.sim()
        whole.run(40)
        sim.run(20)
        sim.save(path)
        with pytest.raises(ValueError, match=r"pair_force.*function"):
            vmd.Simulation.resume(path)
        with pytest.raises(ValueError, match=r"external.*function"):
            vmd.Simulation.resume(path, pair_force=sim.pair_force)
        again = vmd.Simulation.resume(path, pair_force=sim.pair_force, external=sim.external)
        again.run(20)
        assert same_bits(whole, again)


class TestBadFiles:
    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"none\.chk"):
            vmd.Simulation.resume(tmp_path / "none.chk")

    @pytest.mark.parametrize(
        "content", [b"", b"hello", b"PK\x03\x04 not a zip", b"\x93NUMPY\x01\x00" + 200 * b"x"]
    )
    def test_not_a_checkpoint(self, tmp_path, content):
        path = tmp_path / "run.chk"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"run\.chk.*not a vortexmd checkpoint"):
            vmd.Simulation.resume(path)

    def test_other_numpy_files(self, tmp_path):
        np.save(tmp_path / "one.npy", np.arange(3))
        np.savez(tmp_path / "two.npz", positions=np.arange(3))
        np.savez(
            tmp_path / "three.npz", header=np.array(json.dumps([1, 2])), positions=np.arange(3)
        )
        for name in ("one.npy", "two.npz", "three.npz"):
            with pytest.raises(ValueError, match="not a vortexmd checkpoint"):
                vmd.Simulation.resume(tmp_path / name)

    def test_truncated_or_damaged(self, tmp_path):
        path = tmp_path / "run.chk"
        plain().save(path)
        good = path.read_bytes()
        for size in (10, len(good) // 3, len(good) // 2, len(good) - 5):
            path.write_bytes(good[:size])
            with pytest.raises(ValueError, match="not a vortexmd checkpoint, or damaged"):
                vmd.Simulation.resume(path)
        # A flipped byte in the middle of the positions is caught by the archive's checksum.
        at = good.index(plain().state.positions[0].tobytes()[:4])
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        with pytest.raises(ValueError, match="not a vortexmd checkpoint, or damaged"):
            vmd.Simulation.resume(path)

    def test_another_format(self, tmp_path):
        path = tmp_path / "run.chk"
        plain().save(path)
        with np.load(path) as archive:
            arrays = dict(archive)
        header = json.loads(str(arrays.pop("header")))
        header["format"] = 999
        with open(path, "wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)
        with pytest.raises(ValueError, match="999"):
            vmd.Simulation.resume(path)

    def test_other_versions_warn(self, tmp_path):
        path = tmp_path / "run.chk"
        plain().save(path)
        with np.load(path) as archive:
            arrays = dict(archive)
        header = json.loads(str(arrays.pop("header")))
        header["made_with"]["numpy"] = "0.1"
        with open(path, "wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)
        with pytest.warns(UserWarning, match=r"0\.1"):
            assert vmd.Simulation.resume(path).step == 0

    def test_folder_missing_or_a_folder(self, tmp_path):
        sim = plain()
        for call in (lambda p: sim.save(p), lambda p: sim.run(10, checkpoint=p)):
            with pytest.raises(FileNotFoundError, match=r"checkpoint.*nowhere"):
                call(tmp_path / "nowhere" / "run.chk")
            with pytest.raises(OSError, match="checkpoint"):
                call(tmp_path)
        assert sim.step == 0  # refused before anything was computed

    @pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere"
    )
    def test_folder_not_writable(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(PermissionError, match="checkpoint"):
            plain().run(10, checkpoint=tmp_path / "run.chk")
        tmp_path.chmod(0o700)


def test_what_is_no_checkpoint_is_not_written_over(tmp_path):
    sim = vmd.Simulation(vmd.triangular_lattice(16, 1.0), None, dt=0.1)
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("mine")
    for save in (sim.save, lambda path: sim.run(1, checkpoint=path)):
        with pytest.raises(FileExistsError, match="not a vortexmd checkpoint"):
            save(thesis)
    assert thesis.read_text() == "mine" and sim.step == 0
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", every=1)
    with pytest.raises(ValueError, match="writes there"):
        sim.run(1, writers=[writer], checkpoint=tmp_path / "run.h5")
    assert not (tmp_path / "run.h5").exists()
