"""Floor 4: what arq runs; a job is a few lines that call a service."""
