import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { UserError } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type Redirection, redirectedFrom, redirectUsers } from '../src/peer/redirect.ts'
import { cleanUp, eventually, network, Received, serve } from './sockets.ts'

const possible = process.getuid?.() === 0 && spawnSync('nft', ['list', 'ruleset']).status === 0
const WHY_SKIPPED = 'needs Linux, root and nft: sudo bash scripts/install-servers.sh'

/** Users whom nobody is. */
const [first, second] = [64_001, 64_002]

/** What a server says to whoever dials it as this user. */
async function heardBy(userId: number, to: { host: string; port: number }): Promise<string> {
  const script = `require('node:net').connect(${to.port}, '${to.host}').on('error', (e) => console.log(e.code)).pipe(process.stdout)`
  const child = spawn(process.execPath, ['-e', script], { uid: userId, gid: userId, cwd: '/' })
  cleanUp(() => void child.kill('SIGKILL'))
  let heard = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  await once(child, 'close')
  return heard
}

/** A process that redirects, and says so; it runs what is built. */
function startOwner(rules: readonly Redirection[]) {
  const built = new URL('../dist/peer/redirect.js', import.meta.url).href
  const script = `const { redirectUsers } = await import('${built}'); await redirectUsers(${JSON.stringify(rules)}); process.send('done')`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  cleanUp(() => void owner.kill('SIGKILL'))
  return owner
}

test('what one user dials comes to the route of its link, and of nobody else', async (context) => {
  if (!possible) return context.skip(WHY_SKIPPED)
  const accepted: Received[] = []
  const server = await serve((socket) => {
    accepted.push(new Received(socket))
    socket.end(`to ${socket.remotePort}`)
  })
  const made = network()
  const route = await made.route({ from: 'n1', to: 'n2', upstream: server, peers: redirectedFrom('n1') })
  const redirections = await redirectUsers([{ userId: first, to: server, via: route }])
  cleanUp(() => redirections.close())
  expect(await Promise.all([heardBy(first, server), heardBy(second, server)])).toEqual([
    expect.stringContaining('to '),
    expect.stringContaining('to '),
  ])
  expect(accepted.length).toBe(2)
  expect(route.identification).toEqual({ by: 'kernel redirection', known: 1, unknown: 0 })
  expect(made.statistics().get('n1>n2')?.connections).toBe(1)
  await redirections.close()
  await heardBy(first, server)
  expect(made.statistics().get('n1>n2')?.connections).toBe(1)
})

test('the kernel forgets a redirection when the process that asked for it is killed', async (context) => {
  if (!possible) return context.skip(WHY_SKIPPED)
  const owner = startOwner([
    { userId: first, to: { host: '127.0.2.2', port: 4 }, via: { host: '127.0.2.3', port: 5 } },
    { userId: second, to: { host: '::1', port: 4 }, via: { host: '::1', port: 5 } },
  ])
  await once(owner, 'message')
  const tables = () => String(spawnSync('nft', ['list', 'tables']).stdout)
  expect(tables()).toContain(`chaos_${owner.pid}_`)
  owner.kill('SIGKILL')
  await eventually(() => !tables().includes(`chaos_${owner.pid}_`))
})

test('a redirection that makes no sense is refused before the kernel is asked', async () => {
  const local = { host: '127.0.0.1', port: 1 }
  for (const [rule, message] of [
    [{ userId: 1, to: { host: 'localhost', port: 1 }, via: local }, 'give two addresses, both IPv4 or both IPv6'],
    [{ userId: 1, to: { host: '::1', port: 1 }, via: local }, 'give two addresses, both IPv4 or both IPv6'],
    [{ userId: -1, to: local, via: local }, '-1 is no port or user id'],
    [{ userId: 1, to: { host: '127.0.0.1', port: 0.5 }, via: local }, '0.5 is no port or user id'],
  ] as const) {
    await expect(redirectUsers([rule])).rejects.toThrow(UserError)
    await expect(redirectUsers([rule])).rejects.toThrow(message)
  }
})

test('a redirection without nft is refused with what is needed', async () => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  try {
    await expect(redirectUsers([])).rejects.toThrow(
      /redirection by the kernel is not possible: nft: .*ENOENT.*needs Linux/,
    )
  } finally {
    process.env['PATH'] = path
  }
})
