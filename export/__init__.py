"""From trained detectors to model directories that `fakeface` runs: `python -m export --help`."""
