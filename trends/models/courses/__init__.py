"""The courses a rate may take, weighed against one another on one likelihood."""
