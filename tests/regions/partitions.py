"""Partitions to test with, and slow oracles that share nothing with the package."""

import numpy as np

import vortexmd as vmd

BOUNDARIES = ("periodic", "reflecting", "open", ("periodic", "open"), ("reflecting", "periodic"))


def guillotine(rng, cuts, lengths=(7.0, 5.0)):
    """Rectangles (P, 4) that fill the box: one of them is cut in two, again and again."""
    rectangles = [[0.0, 0.0, *lengths]]
    for _ in range(cuts):
        x0, y0, x1, y1 = rectangles.pop(rng.integers(len(rectangles)))
        part = rng.uniform(0.2, 0.8)
        if rng.random() < 0.5:
            x = x0 + part * (x1 - x0)
            rectangles += [[x0, y0, x, y1], [x, y0, x1, y1]]
        else:
            y = y0 + part * (y1 - y0)
            rectangles += [[x0, y0, x1, y], [x0, y, x1, y1]]
    return rectangles


def slanted(rng, cuts, lengths=(7.0, 5.0)):
    """Convex polygons that fill the box, cut by slanted lines: corners on others' sides, but for rounding."""
    lx, ly = lengths
    polygons = [np.array([[0.0, 0.0], [lx, 0.0], [lx, ly], [0.0, ly]])]
    for _ in range(cuts):
        sizes = [area(polygon) for polygon in polygons]
        polygon = polygons.pop(int(np.argmax(sizes)))
        middle = polygon.T @ rng.dirichlet(np.full(len(polygon), 5.0))
        angle = rng.uniform(0, np.pi)
        normal = np.array([np.cos(angle), np.sin(angle)])
        polygons += [
            part(polygon, normal, normal @ middle),
            part(polygon, -normal, -normal @ middle),
        ]
    return polygons


def part(polygon, normal, at):
    """What of a convex polygon has normal·x ≤ at (Sutherland and Hodgman)."""
    kept = []
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        u, v = normal @ a - at, normal @ b - at
        if u <= 0:
            kept.append(a)
        if u * v < 0:
            kept.append(a + u / (u - v) * (b - a))
    return np.array(kept)


def area(polygon):
    """Of a polygon, by Green's theorem."""
    if len(polygon) < 3:
        return 0.0
    x, y = np.asarray(polygon).T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def perimeter(polygon):
    """The sum of its sides."""
    return float(np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T).sum())


def turns(points, polygon):
    """(N,) how often a polygon winds round each point: 1 or −1 inside, 0 outside; by angles."""
    z = np.asarray(polygon) @ [1, 1j]
    to = z[None, :] - (points @ [1, 1j])[:, None]
    return np.rint(np.angle(np.roll(to, -1, axis=1) / to).sum(axis=1) / (2 * np.pi)).astype(int)


def slow_labels(points, polygons, region_of, background=-1):
    """(N,) region of each point by winding numbers."""
    label = np.full(len(points), background)
    for polygon, region in zip(polygons, region_of, strict=True):
        label[turns(points, polygon) != 0] = region
    return label


def overlap(first, second):
    """Area shared by two convex polygons, anticlockwise: the first is cut along each side of the second."""
    rest = np.asarray(first)
    for a, b in zip(second, np.roll(second, -1, axis=0), strict=True):
        if len(rest) < 3:
            return 0.0
        normal = np.array([b[1] - a[1], a[0] - b[0]])
        rest = part(rest, normal, normal @ a)
    return area(rest)


def rectangle(x0, y0, x1, y1):
    """Its corners."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def copies(box):
    """Shifts of the periodic copies of a box, itself first."""
    xs = (0, -1, 1) if box.periodic[0] else (0,)
    ys = (0, -1, 1) if box.periodic[1] else (0,)
    return [np.array([i, j]) * box.lengths for i in xs for j in ys]


def many(seed, cuts=12, boundary="reflecting", lengths=(7.0, 5.0)):
    """(Regions, polygons, region of each) of slanted pieces, some of which belong together."""
    rng = np.random.default_rng(seed)
    polygons = slanted(rng, cuts, lengths)
    number = max(1, len(polygons) - 4)
    region_of = np.concatenate((np.arange(number), rng.integers(0, number, len(polygons) - number)))
    box = vmd.Box(lengths, boundary)
    return vmd.Regions.polygons(polygons, box, regions=region_of), polygons, region_of
