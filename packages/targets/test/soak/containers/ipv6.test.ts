import { execFile } from 'node:child_process'
import { delimiter } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rulesOnMachine, service, startPodman } from '../../../../testing/src/containers/podman.ts'
import { openContainerNetwork } from '../../../src/containers/container-network.ts'

// Tests with containers in a network with IPv4 and IPv6 addresses. Their programs may use either.

const { directory, isPossible, programs, say, project, end } = startPodman()
const NAMES = ['a', 'b', 'c'] as const
const network = `dual-${directory.split('-').at(-1)}`

/** A server that answers with the address of the client. */
const server =
  "require('node:http').createServer(({ socket }, response) => response.end(socket.remoteAddress)).listen(8080, '::')"

describe.runIf(isPossible)('containers with IPv6 addresses', () => {
  const path = process.env['PATH']
  beforeAll(() => {
    process.env['PATH'] = [programs, path].join(delimiter)
    say(`podman network create --ipv6 ${network}`)
    const services = NAMES.map((name) => service(name, JSON.stringify(['node', '-e', server])))
    const cwd = project('dual', [...services, 'networks:', '  default:', '    external: true', `    name: ${network}`])
    say('podman-compose -f compose.yaml up -d', cwd)
  }, 120_000)
  afterAll(async () => {
    process.env['PATH'] = path
    await end()
  }, 120_000)

  const inspected = (name: string, format: string) => say(`podman inspect --format '${format}' dual_${name}_1`)
  const addressOf = (name: string, member: 'IPAddress' | 'GlobalIPv6Address') =>
    inspected(name, `{{range .NetworkSettings.Networks}}{{.${member}}}{{end}}`)
  /** Returns the answer that a program in one container gets from another container over IPv6. */
  async function answerFrom(from: string, to: string): Promise<string> {
    const url = `http://[${addressOf(to, 'GlobalIPv6Address')}]:8080/`
    const script = `fetch('${url}', { signal: AbortSignal.timeout(2000) }).then((r) => r.text()).then(console.log, (e) => console.log(e.name))`
    // Runs asynchronously, because `say` would block this process, whose proxy carries the connection.
    const { stdout } = await promisify(execFile)('podman', ['exec', `dual_${from}_1`, 'node', '-e', script], {
      timeout: 60_000,
    })
    return stdout.trim()
  }

  test('containers with IPv6 can be cut off, are reached at new addresses, and see the address of the client', async () => {
    const ids = new Map(NAMES.map((name) => [name, inspected(name, '{{.Id}}')]))
    const links = await openContainerNetwork({ where: 'dual', ids, seed: 1 })
    try {
      const a = addressOf('a', 'GlobalIPv6Address')
      await expect.poll(() => answerFrom('a', 'b'), { timeout: 30_000 }).toBe(a)
      const cut = await links.inject({ kind: 'partition', links: [{ from: 'a', to: 'b' }], mode: 'hold' })
      expect(await answerFrom('a', 'b')).toBe('TimeoutError')
      expect(await answerFrom('c', 'b')).toBe(addressOf('c', 'GlobalIPv6Address'))
      expect(await answerFrom('a', 'c')).toBe(a)
      if (cut.type === 'failed') throw new Error(cut.error)
      const healed = await new Promise((resolve) => cut.heal(resolve))
      expect(healed).toMatchObject({ type: 'healed', hits: expect.any(Number) })
      expect(await answerFrom('a', 'b')).toBe(a)

      const before = addressOf('b', 'GlobalIPv6Address')
      say('podman restart --time 0 dual_b_1')
      expect(addressOf('b', 'GlobalIPv6Address')).not.toBe(before)
      await expect.poll(() => answerFrom('a', 'b'), { timeout: 30_000 }).toBe(a)
      const again = await links.inject({ kind: 'partition', links: [{ from: 'a', to: 'b' }], mode: 'drop' })
      expect(await answerFrom('a', 'b')).toBe('TimeoutError')
      if (again.type === 'injected') await new Promise((resolve) => again.heal(resolve))
      expect(links.trouble).toEqual([])
    } finally {
      await links.close()
    }
    expect(await answerFrom('a', 'b')).toBe(addressOf('a', 'GlobalIPv6Address'))
    // Only these containers are checked, because concurrent tests have containers, too.
    for (const id of ids.values()) expect(rulesOnMachine(`containers_${id.slice(0, 12)}`)).toEqual([])
  })
})
