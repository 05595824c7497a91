{{ landed_rejects(source('faa', 'rejects')) }}
