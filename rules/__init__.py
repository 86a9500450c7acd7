"""Floor 1: the rules of the domain, pure: no I/O, no async, no clock of their own."""
