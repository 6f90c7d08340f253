"""The window between the judge and the student's process: plain numbers and raw tensors cross it."""
