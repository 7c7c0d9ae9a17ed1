"""All tables of the product, for migrations. Importing this registers them; it does not import Reflex."""

from sqlmodel import SQLModel

from orch_app.domains.accounts import models as accounts
from orch_app.domains.audit import models as audit
from orch_app.domains.hooks import models as hooks
from orch_app.domains.inventory import models as inventory
from orch_app.domains.jobs import models as jobs
from orch_app.domains.pipelines import models as pipelines
from orch_app.domains.runbooks import models as runbooks
from orch_app.domains.schedules import models as schedules
from orch_app.domains.sources import models as sources

DOMAINS = (accounts, audit, hooks, inventory, jobs, pipelines, runbooks, schedules, sources)
METADATA = SQLModel.metadata
