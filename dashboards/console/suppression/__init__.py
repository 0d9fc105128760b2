"""The page of what keeps somebody from being told: who, why, until when, what it hides, and what ends it."""
