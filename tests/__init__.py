"""The tests. They mirror utils/, autograder/, lectures/, exercises/; what they share is in support/."""
