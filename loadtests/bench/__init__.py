"""The gateway next to what else could stand in its place, on one core each (`make bench`)."""
