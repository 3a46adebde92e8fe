"""LogSight: raw log objects become exact, partitioned tables; one folder per stage of the data's way."""
