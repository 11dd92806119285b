"""The history of earlier builds."""
