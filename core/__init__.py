"""The domain, headless: imports neither the app nor what the app is built with."""
