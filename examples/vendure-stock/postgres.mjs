// Starts PostgreSQL on a copy of the database of setup.mjs, and removes the copy at the end. Usage: postgres.mjs PORT
import { rmSync } from 'node:fs'
import { createDirectory, start } from './cluster.mjs'

const [port = ''] = process.argv.slice(2)
const directory = createDirectory('database')
const server = start(directory, port)
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill('SIGQUIT'))
server.on('exit', (code) => {
  rmSync(directory, { recursive: true, force: true })
  process.exit(code ?? 1)
})
