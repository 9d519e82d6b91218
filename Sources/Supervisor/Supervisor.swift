// Process tree.
