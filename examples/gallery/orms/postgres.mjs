// Starts a PostgreSQL of its own in an empty directory. Usage: postgres.mjs PORT DIRECTORY
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const [port = ''] = process.argv.slice(2)
const debian = '/usr/lib/postgresql'
const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
const bin = versions.length === 0 ? '' : join(debian, versions[0], 'bin')
// PostgreSQL refuses to run as root. Its user must be able to reach the directory.
const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
const user = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
const data = mkdtempSync('/tmp/example-postgres-')
if (user.uid !== undefined) chownSync(data, user.uid, user.gid)
chmodSync(data, 0o700)

const options = { ...user, cwd: '/', stdio: 'inherit' }
execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options)
const server = spawn(
  join(bin, 'postgres'),
  [
    '-D',
    data,
    '-p',
    port,
    '-h',
    '127.0.0.1',
    '-k',
    data,
    '-F',
    '-c',
    'deadlock_timeout=20',
    '-c',
    'dynamic_shared_memory_type=mmap',
  ],
  options,
)
const end = () => server.kill('SIGQUIT')
process.on('SIGTERM', end).on('SIGINT', end)
server.on('exit', (code) => {
  rmSync(data, { recursive: true, force: true })
  process.exit(code ?? 1)
})
