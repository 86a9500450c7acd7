"""The command line against any server: what it asks goes over the public API, and nothing else."""
