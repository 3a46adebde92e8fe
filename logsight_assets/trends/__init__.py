"""Stage 2: events, by event hour, become exact and mergeable trend tables, patterns and completeness."""
