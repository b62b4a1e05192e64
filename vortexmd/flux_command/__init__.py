"""``vortexmd flux FILE.toml``: networks of pinning regions from a file, solved, tabulated and drawn."""
