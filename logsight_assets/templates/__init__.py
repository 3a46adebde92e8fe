"""Stage 3: lines of one kind get one template, and keep it."""
