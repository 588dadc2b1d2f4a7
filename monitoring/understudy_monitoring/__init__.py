"""What an SRE sees of a farm, written as code: recording rules, alerts with their runbooks, dashboards."""
