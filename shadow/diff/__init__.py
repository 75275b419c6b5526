"""Where two exchanges differ. Pure but for DeepDiff's worker process; values in here are not redacted."""
