"""Measures Belfry against the raw ceiling of the same parts; see docs/performance.md."""
