// s3rver with a bucket, and a directory for its objects.
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { open } from './objects.mjs'

mkdirSync('objects', { recursive: true })
createServer(await open('objects', process.env.CURED === 'yes')).listen(Number(process.env.PORT))
