"""Several simulations on common random numbers: what differs between prior sets, values and structures."""
