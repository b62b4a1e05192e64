"""The crash harness: runs killed at random times and at chosen system calls, resumed and compared.

``python -m tests.crash --kills 100`` from the root of a checkout runs all of it; `test_crash` a short form.
"""
