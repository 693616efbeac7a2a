"""The evidence for a verdict: maps and figures."""
