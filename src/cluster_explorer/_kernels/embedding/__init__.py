"""Forces and walks on a graph: memberships, the descents of map and embedding, and labels that spread."""
