"""Which older commits of main make a warehouse, by what they were the last without."""

COMMITS = {
    "b9108dc": "marts, and nothing kept beside them: no states of builds, no restatements, no rotations",
    "94f14bb": "history by months, features, alarms; a build runs everything",
    "e74371c": "builds of what changed; no files are held, no earlier publications",
    "52fb37e": "held files and decisions; Spark begins",
    "634e5f2": "earlier publications, rollback, backups; the week before this command",
}
