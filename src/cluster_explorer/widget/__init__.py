"""The widget: views of one state, and the explorer that holds it."""
