"""The command line: stages, rollouts, readiness, ports."""
