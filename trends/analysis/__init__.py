"""The questions: one module asks one question, with one function and one frozen result."""
