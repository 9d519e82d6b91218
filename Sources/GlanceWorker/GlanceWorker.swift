// The assembly of one worker process.
