"""What tests of several rooms share: a real Redis, and the parts that a machine may lack."""
