import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectedTo, listeningPorts, listeningPorts6, wordsOf } from '../../../src/containers/listening-ports.ts'

// Tests with the kernel's own tables of this process.

async function listenAt(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe.runIf(process.platform === 'linux')('the sockets of a process', () => {
  test('listeningPorts returns the ports that are reachable from outside over IPv4 and IPv6', async () => {
    const at = {
      '0.0.0.0': await listenAt('0.0.0.0'),
      '::': await listenAt('::'),
      '127.0.0.1': await listenAt('127.0.0.1'),
      '::1': await listenAt('::1'),
    }
    const over = (ports: readonly number[]) =>
      Object.entries(at).flatMap(([host, port]) => (ports.includes(port) ? [host] : []))
    expect(over(listeningPorts(process.pid))).toEqual(['0.0.0.0', '::'])
    expect(over(listeningPorts6(process.pid))).toEqual(['::'])
  })

  test.each(['127.0.0.1', '::1'])(
    'connectedTo returns the address %s while a connection to that address is open',
    async (host) => {
      const socket = connect({ host, port: await listenAt(host) })
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      expect(connectedTo(process.pid, [host, '10.255.255.254', 'fd00::1'])).toEqual([host])
    },
  )
})

test.runIf(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1)(
  "wordsOf writes an address as words in the machine's byte order",
  () => {
    expect(wordsOf('10.0.0.2')).toBe('0200000A')
    expect(wordsOf('2001:db8::a:1')).toBe('B80D0120000000000000000001000A00')
  },
)
