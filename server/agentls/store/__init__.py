"""What survives the daemon: SQLite, migrations, one class a table group."""
