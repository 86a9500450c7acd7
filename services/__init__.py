"""Floor 3: the verbs, and the only writer of documents."""
