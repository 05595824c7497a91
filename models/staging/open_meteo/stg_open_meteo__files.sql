{{ landed_files(source('open_meteo', 'files')) }}
