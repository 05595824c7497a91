{{ landed_files(source('nws', 'files')) }}
