"""Finding out what a probability is worth for one model: tasks with known answers, put through the real search."""
