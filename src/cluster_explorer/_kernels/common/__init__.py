"""What all kernels share: how they are compiled, bundles of arrays, union-find, and rows in the order of their ids."""
