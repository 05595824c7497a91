{{ landed_rejects(source('airportsdata', 'rejects')) }}
