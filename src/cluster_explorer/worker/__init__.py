"""Long work beside the notebook: one worker, its reports in order, and how long things take."""
