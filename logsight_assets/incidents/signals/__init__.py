"""What is otherwise than before: one module a kind of sign, each from what was observed to findings about services."""
