"""ASTM F3548-21 at the DSS: references, constraint references, subscriptions, availability, reports."""
