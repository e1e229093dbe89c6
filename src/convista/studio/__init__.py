"""The studio hands a run over: the training report, one HTML file that needs nothing but a browser."""

from convista.studio.report import report_html, write_report

__all__ = ["report_html", "write_report"]
