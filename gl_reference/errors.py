"""What can go wrong in a solver."""


class ConvergenceError(RuntimeError):
    """An iteration ended above its tolerance; the message says where it stood and what to change."""
