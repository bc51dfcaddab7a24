// Starts PostgreSQL, which refuses to run as root, in a directory of its own.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const debian = '/usr/lib/postgresql'
const [newest] = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
const program = (name) => (newest === undefined ? name : join(debian, newest, 'bin', name))
const id = (which) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
const user = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {}

/** Creates a data directory: a copy of `copied` or, by default, an empty database. */
export function createDirectory(copied) {
  const directory = mkdtempSync(join(tmpdir(), 'shop-postgres-'))
  if (copied !== undefined) cpSync(copied, directory, { recursive: true })
  if (user.uid !== undefined) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, directory])
  const options = { ...user, cwd: directory, stdio: 'ignore' }
  if (copied === undefined)
    execFileSync(program('initdb'), ['-D', directory, '-U', 'postgres', '-A', 'trust', '--no-sync'], options)
  return directory
}

export function start(directory, port) {
  const args = ['-D', directory, '-p', port, '-h', '127.0.0.1', '-k', '', '-c', 'dynamic_shared_memory_type=mmap']
  return spawn(program('postgres'), args, { ...user, cwd: directory, stdio: 'inherit' })
}
