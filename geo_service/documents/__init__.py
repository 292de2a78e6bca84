"""Papers of a case: what people add to it, and what the town writes: receipt, notice, plan, forms."""
