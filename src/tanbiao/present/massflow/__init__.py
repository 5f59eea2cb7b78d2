"""Sheets of mass flow as documents: vehicle data sheet, battery recycling documentation, month-end return, dismantling
manual, certificates; `sheets` names them."""
