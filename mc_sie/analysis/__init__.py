"""From outcomes to answers: probabilities, quantiles and their errors."""
