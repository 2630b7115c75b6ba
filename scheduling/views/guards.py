"""Who may open the pages on which classes are planned."""

from accounts.permissions import role_required
from accounts.roles import INSTRUCTOR, MANAGER

plans_classes = role_required(INSTRUCTOR, MANAGER)
manages = role_required(MANAGER)
