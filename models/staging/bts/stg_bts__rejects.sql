{{ landed_rejects(source('bts', 'rejects')) }}
