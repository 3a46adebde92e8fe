"""Named metrics: statistics from metric files and from CloudWatch, one row a period, in the table `service_metrics`."""
