"""Stage 6: what changed, by day and by week: a page for people, and its numbers as rows."""
