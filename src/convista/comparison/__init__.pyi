from .ladder import LADDER as LADDER
from .ladder import Rung as Rung
from .pair import Comparison as Comparison
from .pair import compare as compare
from .records import Attempt as Attempt
from .records import Result as Result
from .records import Study as Study
from .studying import study as study
