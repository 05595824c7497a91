"""An analyst's own schemas, `dev_<user>_*`: what was changed is built there, all else is production's."""
