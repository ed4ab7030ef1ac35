"""A second, slow implementation of the rules of domain.md, and the proof that the engine agrees with it."""
