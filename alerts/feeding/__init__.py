"""What leaves for other modules: messages and their schemas, work items, daily facts, and how far the readers are."""
