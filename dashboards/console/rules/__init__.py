"""The page of rules: what runs, and of each rule why, what to do, its tests, and what it would have said."""
