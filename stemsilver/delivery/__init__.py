"""Outputs for others: releases, pull request scorecards, and repositories for teams."""
