"""What comes in: schemas, readers, counting, calendars, statements, the validation report."""
