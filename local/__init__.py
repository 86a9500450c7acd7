"""Floor 5: the embedded stack for development and tests; nothing above the command imports it."""
