{{ landed_rejects(source('nws', 'rejects')) }}
