"""What a study report says, chapter by chapter; `whole` puts the chapters together."""
