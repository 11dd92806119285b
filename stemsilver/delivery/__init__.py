"""What leaves the machine: a release, a pull request's scorecard, a team's repository."""
