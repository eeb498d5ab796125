"""`agentls top`: all tasks live, on a full screen."""
