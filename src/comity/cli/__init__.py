"""TODO-HEAD"""
