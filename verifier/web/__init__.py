"""The verifier as a service: a page for people, a report for machines; every judgement is `verifier.verify`'s."""
