"""Floor 2: ways out of Belfry: an Envelope in, an Outcome out; no document is ever seen here."""
