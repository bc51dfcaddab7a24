import { once } from 'node:events'
import { linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { httpFamily } from '../../../../faults/src/families/http.ts'
import { cleanUp, echo, eventually, network, Received } from '../../../../testing/src/sockets.ts'
import { parseAddress } from '../../../src/control/state/address.ts'
import { parseEnd } from '../../../src/control/state/ends.ts'
import { readProxy } from '../../../src/control/v1/requests.ts'
import { createHttpFaults } from '../../../src/http/http-faults.ts'
import { control } from '../../control/control-plane.ts'

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'unix-'))
  cleanUp(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const dialPath = async (path: string) => {
  const socket = connect({ path, allowHalfOpen: true })
  cleanUp(() => void socket.destroy())
  await once(socket, 'connect')
  return new Received(socket)
}

describe.runIf(process.platform !== 'win32')('a Unix socket', () => {
  test('a route replaces a stale socket file, and removes the new socket file when it closes', async () => {
    const dir = directory()
    const [path, other] = [join(dir, 'in.sock'), join(dir, 'other.sock')]
    let probes = 0
    const rival = createServer((probe) => void probe.resume().on('close', () => probes++)).listen(other)
    await once(rival, 'listening')
    linkSync(other, path)
    const created = network()
    const upstream = await echo()
    const listen = { host: path, port: 0 }
    await expect(created.route({ from: 'clients', to: 'n1', upstream, listen })).rejects.toThrow(
      `cannot listen on unix:${path}`,
    )
    await eventually(() => probes === 1)
    // The socket file is left behind, as after the kill of a process.
    rival.close()
    const route = await created.route({ from: 'clients', to: 'n1', upstream, listen })
    expect(route).toMatchObject({ host: path, port: 0 })
    const client = await dialPath(path)
    client.socket.write('hello')
    await client.until(({ text }) => text === 'hello')
    client.socket.end()
    await client.until(({ ended }) => ended)
    await route.close()
    expect(() => statSync(path)).toThrow('ENOENT')
  })

  test('a Unix socket is not created in place of another kind of file', async () => {
    const path = join(directory(), 'precious')
    writeFileSync(path, 'text')
    const route = network().route({ from: 'clients', to: 'n1', listen: { host: path, port: 0 } })
    await expect(route).rejects.toThrow('cannot listen')
    // Wait as long as a probe by the route would take. A failed probe would remove the file.
    await once(connect({ path }), 'error')
    expect(statSync(path).size).toBe(4)
  })

  test('a unix: upstream can be dialled, and request faults and resets act on the connection', async () => {
    const dir = directory()
    const [inside, outside] = [join(dir, 'server.sock'), join(dir, 'proxy.sock')]
    const server = createHttpServer((_, reply) => reply.end('done')).listen(inside)
    await once(server, 'listening')
    cleanUp(() => {
      server.closeAllConnections()
      server.close()
    })
    const http = createHttpFaults({ seed: 1 })
    const intercept = http.intercept({ from: 'clients', to: 'n1' })
    const created = network()
    const upstream = { host: inside, port: 0 }
    await created.route({ from: 'clients', to: 'n1', upstream, listen: { host: outside, port: 0 }, intercept })
    const ask = () =>
      new Promise((resolve) => {
        request({ socketPath: outside, path: '/', agent: false }, (reply) => {
          reply.resume()
          resolve(reply.statusCode)
        })
          .on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
          .end()
      })
    expect(await ask()).toBe(200)
    const apply = (fault: object) => http.apply(httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test'))
    const refusing = apply({ kind: 'error-status' })
    expect(await ask()).toBe(503)
    refusing.remove()
    apply({ kind: 'lose-reply' })
    expect(await ask()).toBe('ECONNRESET')
    const links = [{ from: 'clients', to: 'n1' }]
    created.apply({ kind: 'reset', links })
  })

  test('a unix: address is allowed in --upstream and in files, but not in requests', async () => {
    expect(parseEnd('upstream', 'unix:/run/db.sock').address).toBe('unix:/run/db.sock')
    expect(parseEnd('upstream', 'unix:///run/db.sock').address).toBe('unix:/run/db.sock')
    expect(parseAddress('unix:/run/db.sock')).toEqual({ host: '/run/db.sock', port: 0 })
    for (const wrong of ['unix:', 'unix:relative', `unix:/${'x'.repeat(107)}`])
      expect(() => parseAddress(wrong)).toThrow('absolute path')
    const { plane } = await control()
    const settings = readProxy({ name: 'db', upstream: 'unix:/run/db.sock' }, 'proxy', {
      readPem: () => '',
      pidFiles: 'refused' as never,
    })
    await expect(plane.addProxy(settings)).rejects.toThrow('only --upstream, --listen and --config')
    const path = join(directory(), 'in.sock')
    const listen = `unix:${path}`
    const added = await plane.addProxy({ ...settings, listen, mayNamePaths: true })
    expect(added).toMatchObject({ listen, upstream: 'unix:/run/db.sock' })
    await expect(plane.updateProxy('db', { upstream: 'unix:/run/other.sock' })).rejects.toThrow('only --upstream')
    await expect(
      plane.addProxy({
        ...settings,
        name: 'loop',
        upstream: `unix:${path}2`,
        listen: `unix:${path}2`,
        mayNamePaths: true,
      }),
    ).rejects.toThrow('is its own listen address')
  })
})
