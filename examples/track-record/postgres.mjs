// Used by the real.mjs of several subjects. Starts PostgreSQL in a new directory. `stop` ends PostgreSQL and removes
// the directory, as does the end of this process.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'

export async function startPostgres() {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const bin = versions.length === 0 ? '' : join(debian, versions[0], 'bin')
  // PostgreSQL refuses to run as root. Its user must be able to reach the directory.
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const user = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
  const data = mkdtempSync('/tmp/track-postgres-')
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid)
  chmodSync(data, 0o700)
  const options = { ...user, cwd: '/', stdio: 'ignore' }
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options)
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => free.once('listening', resolve))
  const { port } = free.address()
  await new Promise((resolve) => free.close(resolve))
  const shared = ['-F', '-c', 'dynamic_shared_memory_type=mmap']
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', port, '-h', '127.0.0.1', '-k', data, ...shared],
    options,
  )
  const ended = new Promise((resolve) => server.once('exit', resolve))
  process.once('exit', () => {
    server.kill('SIGQUIT')
    rmSync(data, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  for (;;) {
    // Once PostgreSQL listens, it answers this request for TLS with 'N'.
    const isUp = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])))
      socket
        .once('data', () => resolve(true))
        .once('error', () => resolve(false))
        .once('close', () => resolve(false))
      socket.once('data', () => socket.destroy())
    })
    if (isUp) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const stop = async () => {
    server.kill('SIGQUIT')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  return { port, url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop }
}
