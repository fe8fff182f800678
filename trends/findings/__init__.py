"""Results become graded findings, findings become sentences in English and Arabic."""
