"""Made systems of other origins than the recorded ones: who logs what, in which style, and what fails there."""
