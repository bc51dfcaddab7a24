// Starts a Redis of its own, which keeps nothing on disk.
import { spawn } from 'node:child_process'
import { createConnection, createServer } from 'node:net'

export async function startRedis() {
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => free.once('listening', resolve))
  const { port } = free.address()
  await new Promise((resolve) => free.close(resolve))
  const options = { cwd: '/tmp', stdio: 'ignore' }
  const server = spawn(
    'redis-server',
    ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    options,
  )
  for (;;) {
    const isUp = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(true) || socket.destroy())
      socket.once('error', () => resolve(false))
    })
    if (isUp) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { port, url: `redis://127.0.0.1:${port}`, stop: () => server.kill('SIGKILL') }
}
