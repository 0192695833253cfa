"""What the panel tells the browser, and how it answers it, by feature: each module has one `Part`."""
