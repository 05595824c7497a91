{{ landed_rejects(source('iem', 'rejects')) }}
