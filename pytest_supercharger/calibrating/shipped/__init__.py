"""Tasks of our own, by how hard they are; written for this package and taken from no benchmark."""
