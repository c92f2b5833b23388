return { timeout = 30 }
