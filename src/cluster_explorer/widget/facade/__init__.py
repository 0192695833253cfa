"""What `ClusterExplorer` offers in Python, by theme: each module adds the methods of one."""
