"""Measures fakeface: how right it is, how fast it is. Run `python -m benchmarks --help`."""
