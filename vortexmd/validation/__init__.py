"""`vortexmd validate`: what the program computes against exact results and published numbers."""
