"""From vectors to neighbours: who searches, true distances, and rows that are equal to the last bit."""
