"""Baselines to compare against: other runtimes, other networks, other detectors.

Each baseline runs in its own process: one that is missing or fails becomes a row that says why,
memory is measured per baseline, and a baseline with conflicting requirements can run in another
Python environment.
"""
