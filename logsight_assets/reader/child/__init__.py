"""The process that answers one question and ends. It sees the listed objects, its scratch folder and nothing else."""
