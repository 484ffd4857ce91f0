"""`stage=plan`: what an arm would take, without running it."""
