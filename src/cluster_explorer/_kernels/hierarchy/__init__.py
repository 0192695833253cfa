"""From a spanning tree to clusters: the condensed tree, what is selected of it, and the cut by modularity."""
