"""Floor 2: Beanie documents and their indexes, nothing else."""
