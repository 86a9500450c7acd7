"""Floor 0: the parts under every other room, without a word of the domain."""
