"""Jobs: launching, claiming, running, following, keeping and purging runs of runbooks."""
