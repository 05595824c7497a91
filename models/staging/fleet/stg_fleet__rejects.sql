{{ landed_rejects(source('fleet', 'rejects')) }}
