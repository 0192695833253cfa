"""From a neighbour graph to its spanning tree: the forest, the edges that join it, and the proof of every edge."""
