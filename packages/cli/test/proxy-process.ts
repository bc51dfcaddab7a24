import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { bin, type Running, startChaos, startProcess } from '../../testing/src/chaos.ts'

/** Starts a separate `chaos proxy` for one test: a real process, on free ports. */
export const startProxy = (args: readonly string[] = [], options: { readonly env?: NodeJS.ProcessEnv } = {}) =>
  ready(startChaos([...START, ...args], options))

/** Starts a proxy that can have only a limited number of open files and sockets. */
export const startProxyWithFiles = (files: number, args: readonly string[]) =>
  ready(startProcess('sh', ['-c', `ulimit -n ${files} && exec "$@"`, 'sh', process.execPath, bin, ...START, ...args]))

const START = ['proxy', '--control', '127.0.0.1:0', '--log', 'json']

async function ready(running: Running) {
  const lines: { readonly [member: string]: unknown }[] = []
  const url = new Promise<string>((resolve, reject) => {
    let rest = ''
    running.child.stderr?.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts.filter((part) => part.startsWith('{'))) lines.push(JSON.parse(line))
      const said = lines.find(({ msg }) => msg === 'ready')
      if (said !== undefined) resolve(String(said['control']))
    })
    void running.finished.then(({ exitCode, stderr }) => reject(new Error(`ended with ${exitCode}: ${stderr}`)))
  })
  onTestFinished(() => {
    running.child.kill('SIGKILL')
  })
  return { ...running, url: await url, lines }
}

/** Starts a server that echoes all bytes, and returns its address. It ends with the test. */
export async function echoServer(): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
