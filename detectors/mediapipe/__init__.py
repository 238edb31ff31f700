"""MediaPipe Pose: by its old interface (`solutions`), by the one that is kept up (`tasks`), and on several people."""
