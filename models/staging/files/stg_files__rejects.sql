{{ landed_rejects(source('files', 'rejects')) }}
