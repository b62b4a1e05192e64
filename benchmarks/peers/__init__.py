"""Other programs on our workload, one module a program, and what is measured of all of them alike."""
