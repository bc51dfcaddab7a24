// Creates a database, lets PROGRAM fill it, and stores it in the folder `database`. Usage: setup.mjs PROGRAM
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { createDirectory, start } from './cluster.mjs'

const PORT = '54399'
const directory = createDirectory()
const server = start(directory, PORT)
try {
  execFileSync(process.execPath, [process.argv[2], `127.0.0.1:${PORT}`], { stdio: 'inherit' })
} finally {
  const ended = once(server, 'exit')
  server.kill('SIGINT')
  await ended
}
rmSync('database', { recursive: true, force: true })
cpSync(directory, 'database', { recursive: true })
rmSync(directory, { recursive: true, force: true })
