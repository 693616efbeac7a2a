"""How good a training is: scores, calibration, operating points, reports and plots."""
