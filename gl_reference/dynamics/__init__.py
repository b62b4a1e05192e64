"""Vortices that nobody holds: time-dependent Ginzburg-Landau theory of pairs."""

from gl_reference.dynamics.pairs import DynamicPair, dynamic_pair

__all__ = ["DynamicPair", "dynamic_pair"]
