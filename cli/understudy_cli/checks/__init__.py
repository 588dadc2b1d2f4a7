"""What `understudy doctor` looks at, one concern a file; each check is a value."""
