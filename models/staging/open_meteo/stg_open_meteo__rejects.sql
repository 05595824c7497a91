{{ landed_rejects(source('open_meteo', 'rejects')) }}
