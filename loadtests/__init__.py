"""Load tests on locust, judged."""
