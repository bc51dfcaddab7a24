import { createServer, type Socket } from 'node:net'
import { nodeNames } from '@chaosproxy/faults'
import { type Completion, type Input, millis } from '@chaosproxy/history'
import { settingsFor } from '@chaosproxy/workloads'
import { expect, onTestFinished, test } from 'vitest'
import type { NodeAddress } from '../../../../targets/src/clients/planned-clients.ts'
import { planClusterClients } from '../../../src/redis-cluster/clients.ts'
import { choiceOf } from '../../../src/redis-cluster/settings.ts'
import { redisCluster } from '../../../src/redis-cluster/target.ts'

// Tests clients of a Redis Cluster with nodes whose answers the test chooses. Key x has slot 16287, which n3 has at
// first.

type Answer = (command: string, at: (node: number) => string) => string

/** Returns a client of n1 in a cluster of six nodes, and the list of the commands that nodes have received. */
async function clientAmong(answer: readonly (Answer | undefined)[], reads = 'primary') {
  const sent: string[] = []
  const addresses: NodeAddress[] = []
  const at = (node: number) => `127.0.0.1:${addresses[node - 1]?.port}`
  for (const [index, node] of nodeNames(6).entries()) {
    const server = createServer((socket: Socket) =>
      socket.on('data', (bytes) => {
        for (const command of commandsIn(String(bytes))) {
          sent.push(`${node} ${command}`)
          socket.write(`${answer[index]?.(command, at) ?? '-ERR unexpected'}\r\n`)
        }
      }),
    )
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const host = '127.0.0.1'
    addresses.push({ node, host, port, announced: () => ({ host, port }), other: (other) => addressOf(other) })
  }
  function addressOf(node: string): NodeAddress {
    const found = addresses.find((address) => address.node === node)
    if (found === undefined) throw new Error(`there is no ${node}`)
    return found
  }
  const choice = choiceOf(settingsFor(redisCluster, { reads }))
  const opened = await planClusterClients({ nodes: 6, choice, table: 'register' }).open({
    ...{ operations: { functions: ['read', 'write'], reads: ['read'], initial: null }, logDir: '.' },
    ...{ broke: () => {}, nodes: () => addresses },
  })
  const client = opened.connect(addressOf('n1'))
  onTestFinished(() => client.close())
  const ask = (input: Input, harmless = false) =>
    new Promise<Completion>((resolve) => client.invoke({ input, harmless }, millis(10_000), resolve))
  return { sent, ask }
}

/** Returns the received commands. The words of each are joined. */
const commandsIn = (text: string): string[] =>
  text
    .split(/(?=\*\d+\r\n)/)
    .map((command) => command.split('\r\n').filter((line) => line !== '' && !/^[*$]\d+$/.test(line)))
    .map((words) => words.join(' '))

const write = (value: number): Input => ({ f: 'write', key: 'x', value })
const READ: Input = { f: 'read', key: 'x', value: null }

test('a Redis Cluster client follows a MOVED reply, and sends later commands to the new node', async () => {
  const { sent, ask } = await clientAmong([
    ...[undefined, undefined],
    (_, at) => `-MOVED 16287 ${at(6)}`,
    ...[undefined, undefined],
    () => '+OK',
  ])
  expect(await ask(write(1))).toEqual({ type: 'ok', value: 1, node: 'n6' })
  expect(await ask(write(2))).toEqual({ type: 'ok', value: 2, node: 'n6' })
  expect(sent).toEqual(['n3 SET x 1', 'n6 SET x 1', 'n6 SET x 2'])
})

test('a Redis Cluster client sends ASKING before each command that an ASK reply redirects', async () => {
  let asked = false
  const { sent, ask } = await clientAmong([
    (command) => {
      if (command === 'ASKING') asked = true
      return asked ? '+OK' : '-TRYAGAIN'
    },
    undefined,
    (_, at) => `-ASK 16287 ${at(1)}`,
  ])
  expect(await ask(write(1))).toMatchObject({ type: 'ok', node: 'n1' })
  expect(await ask(write(2))).toMatchObject({ type: 'ok', node: 'n1' })
  expect(sent).toEqual(['n3 SET x 1', 'n1 ASKING', 'n1 SET x 1', 'n3 SET x 2', 'n1 ASKING', 'n1 SET x 2'])
})

test('a Redis Cluster client tries the replica after the master fails, and gives up on circular redirections', async () => {
  const { sent, ask } = await clientAmong([
    ...[undefined, undefined],
    () => '-CLUSTERDOWN The cluster is down',
    ...[undefined, undefined],
    (_, at) => `-MOVED 16287 ${at(6)}`,
  ])
  expect(await ask(write(1))).toMatchObject({ type: 'fail', error: 'CLUSTERDOWN The cluster is down' })
  expect(await ask(write(2))).toMatchObject({ type: 'fail', error: expect.stringMatching(/^MOVED 16287/) })
  expect(sent.filter((each) => each === 'n3 SET x 1')).toHaveLength(1)
  expect(sent.every((each) => !each.endsWith('x 2') || each.startsWith('n6'))).toBe(true)
})

test('a Redis Cluster client with reads=replicas reads from the replica and writes to the master', async () => {
  const { sent, ask } = await clientAmong(
    [
      undefined,
      undefined,
      () => '+OK',
      undefined,
      undefined,
      (command) => (command === 'READONLY' ? '+OK' : '$1\r\n7'),
    ],
    'replicas',
  )
  expect(await ask(READ, true)).toEqual({ type: 'ok', value: '7', node: 'n6' })
  expect(await ask(write(1))).toMatchObject({ type: 'ok', node: 'n3' })
  expect(sent).toEqual(['n6 READONLY', 'n6 GET x', 'n3 SET x 1'])
})
