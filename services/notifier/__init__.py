"""The notifier's place; README.md says what will stand here."""
