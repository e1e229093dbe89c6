"""The studio hands a run over: the training report, one HTML file that needs nothing but a browser.

report       the page: one section after the other
outcome      confusion, each class, the worst mistakes
calibration  whether the network is right as often as it says
basis        what the figures rest on
results      every figure as JSON
pictures     the charts as PNG files
scores       what a confusion matrix says
charts       a chart in each language
words        what the page says, in English and in Simplified Chinese
"""

from convista.studio.pictures import PICTURES, write_pictures
from convista.studio.report import report_html, write_report
from convista.studio.results import results, results_json

__all__ = ["PICTURES", "report_html", "results", "results_json", "write_pictures", "write_report"]
