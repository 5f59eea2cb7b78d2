"""Arrays in, arrays out: life cycle systems, staged mass flow, index systems. Never sees a pack or a library."""
