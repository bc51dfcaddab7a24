// Starts PostgreSQL in a temporary directory, and removes the directory when PostgreSQL ends. Usage: postgres.mjs PORT
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [port = ''] = process.argv.slice(2)
const debian = '/usr/lib/postgresql'
const [newest] = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
const program = (name) => (newest === undefined ? name : join(debian, newest, 'bin', name))
const data = mkdtempSync(join(tmpdir(), 'bank-postgres-'))
// PostgreSQL refuses to run as root.
const id = (which) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
const user = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
if (user.uid !== undefined) chownSync(data, user.uid, user.gid)

const options = { ...user, cwd: data, stdio: 'inherit' }
execFileSync(program('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options)
const server = spawn(
  program('postgres'),
  ['-D', data, '-p', port, '-h', '127.0.0.1', '-k', '', '-c', 'dynamic_shared_memory_type=mmap'],
  options,
)
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill('SIGQUIT'))
server.on('exit', (code) => {
  rmSync(data, { recursive: true, force: true })
  process.exit(code ?? 1)
})
