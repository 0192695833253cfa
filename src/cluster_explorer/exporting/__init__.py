"""What others can open without a kernel: tables, pictures and a page. Pure functions of values; nothing is uploaded."""
