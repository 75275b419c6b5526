"""Answers in comparable form: encodings undone, bodies parsed by content type, generated headers blanked."""
