"""Who does what and when: tasks, goals and shifts of the office's staff."""
