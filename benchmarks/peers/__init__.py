"""The same models and outcomes written with other tools, each as its users would write it."""
