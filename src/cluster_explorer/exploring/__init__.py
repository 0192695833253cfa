"""What people see, find and select of the results: pure functions of values, for views and sessions."""
