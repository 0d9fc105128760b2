"""The page of roll-calls: calling people on duty, what came of it, when the plan calls."""
