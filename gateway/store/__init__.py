"""The SQLite file: observations, counts, rules, results, audit trail."""
