"""The schema's history: one file a step in `versions/`, each with its way back; never edited once released."""
