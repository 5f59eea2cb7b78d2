"""Faces of results: figures, report, label, tables, in zh and en. Everything here reads results; nothing computes them.

from tanbiao.present.report import render_report
from tanbiao.present.label import label, label_json, label_png, label_svg
from tanbiao.present.figures import stages, svg
from tanbiao.present.tables import run_tables
"""
