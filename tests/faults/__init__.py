"""What happens to clients when parts die: nginx, three replicas, Redis and the sandbox, as real processes."""
