{{ landed_rejects(source('ourairports', 'rejects')) }}
