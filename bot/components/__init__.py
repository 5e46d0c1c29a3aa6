"""Our own parts of the Rasa pipeline."""
