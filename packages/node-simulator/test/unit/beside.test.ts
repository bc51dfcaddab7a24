import { nanos } from '@chaosproxy/history'
import { declaredService } from '@chaosproxy/node-simulator/declared'
import type { SimulatedCluster } from '@chaosproxy/simulator'
import { describe, expect, test } from 'vitest'
import { injectedFor, ran, serving } from '../../../testing/src/simulated.ts'

/** A program that takes payments, counts them in memory, and notifies every node of each payment. */
const PAYMENTS = `
import { createServer } from 'node:http'
let taken = 0
createServer(async (request, response) => {
  const mine = ++taken
  for (const peer of (process.env['PEERS'] ?? '').split(',')) await fetch(peer + '/paid/' + mine)
  response.end(JSON.stringify({ taken: mine, node: process.env['NODE_ID'], random: Math.random() }))
}).listen(process.env['PORT'])
`
const payments = { beside: { 'payments.ts': PAYMENTS }, servers: { payments: './payments.ts' } }

const PAYING = `
import { createServer } from 'node:http'
createServer((request, response) => {
  console.log('told', request.url)
  response.end()
}).listen(process.env['PORT'])
for (let i = 0; i < 3; i++) {
  await new Promise((resolve) => setTimeout(resolve, 50))
  const answer = await fetch(process.env['PAYMENTS_URL'] + '/', { method: 'POST', signal: AbortSignal.timeout(200) })
    .then((response) => response.json(), ({ name }) => name)
  console.log(answer.taken ?? answer, answer.node)
}`

describe('a program declared with "beside"', () => {
  test('a program declared with "beside" calls the nodes, is called by its name, and shares no memory with them', async () => {
    const { lines } = await ran(PAYING, { ...payments, nodes: 2 })
    expect(lines).toHaveLength(18)
    const taken = lines.flatMap((line) => /^n[12]: (\d) payments$/.exec(line)?.[1] ?? [])
    expect(taken.toSorted()).toEqual(['1', '2', '3', '4', '5', '6'])
    for (const node of ['n1', 'n2']) for (let i = 1; i <= 6; i++) expect(lines).toContain(`${node}: told /paid/${i}`)
  })

  test.each(['bytes', 'messages'] as const)(
    'a program declared with "beside" has the same trace for the same seed if HTTP is simulated as %s',
    async (http) => {
      const [one, same, other] = [
        await ran(PAYING, { ...payments, nodes: 2, seed: 1, http }),
        await ran(PAYING, { ...payments, nodes: 2, seed: 1, http }),
        await ran(PAYING, { ...payments, nodes: 2, seed: 2, http }),
      ]
      expect(same.trace).toEqual(one.trace)
      expect(other.trace).not.toEqual(one.trace)
    },
  )

  test('a program declared with "beside" has faults like a node, and loses its memory in a kill', async () => {
    const killed = (cluster: SimulatedCluster): void => {
      const { clock } = cluster
      clock.at(nanos(clock.now() + 75e6), () => injectedFor({ kind: 'kill', nodes: ['payments'] }, 50)(cluster))
    }
    const { lines } = await ran(PAYING, { ...payments, meanwhile: killed, forMs: 2_000 })
    const answers = lines.filter((line) => !line.includes('told'))
    expect(answers).toEqual(['n1: 1 payments', 'n1: TypeError undefined', 'n1: 1 payments'])
    const cut = injectedFor({ kind: 'partition', links: [{ from: 'n1', to: 'payments' }], mode: 'hold' }, 5_000)
    const held = await ran(PAYING, { ...payments, meanwhile: cut, forMs: 2_000 })
    expect(held.lines).toEqual(Array(3).fill('n1: TimeoutError undefined'))
  })

  test('a program declared with "beside" is reported with its file if it never listens, exits or is refused', async () => {
    const beside = (text: string, meanwhile?: Parameters<typeof ran>[1]) =>
      ran(serving(''), { ...payments, beside: { 'payments.ts': text }, ...meanwhile })
    const asking = { meanwhile: (cluster: { connect(node: string): unknown }) => void cluster.connect('n1') }
    await expect(beside('await new Promise(() => {})', asking)).rejects.toThrow(/payments.ts did not listen: payments/)
    await expect(beside(`throw new Error('no')`)).rejects.toThrow(
      /payments.ts ended before it listened, on payments: threw: Error: no\n {4}at \S*payments.ts:1:7/,
    )
    await expect(beside(`new MessageChannel()`)).rejects.toThrow(/payments.ts cannot be simulated: on payments, new Me/)
    await expect(beside('const = 1')).rejects.toThrow(/payments.ts cannot be bundled/)
    const dies = serving(`setTimeout(() => { throw new Error('late') }, 100)`)
    expect((await beside(dies, { meanwhile: () => {} })).broken).toMatchObject({
      node: 'payments',
      what: expect.stringMatching(/payments.ts:/),
    })
  })

  test('a program that ends because of an unhandled "error" event is reported with the emitter of the event', async () => {
    const program = `import { EventEmitter } from 'node:events'
      class Connection extends EventEmitter {}
      ${serving(`setTimeout(() => new Connection().emit('error', new Error('reset')), 100)`)}`
    const { broken } = await ran(serving(''), { ...payments, beside: { 'payments.ts': program }, meanwhile: () => {} })
    expect(broken).toMatchObject({ node: 'payments', fromOutside: true })
    expect(broken?.evidence?.[0]).toMatch(/^a Connection emitted this error as an 'error' event without a listener/)
  })
})

test.each([
  [{ Payments: { entry: './p.ts' } }, 'beside.Payments must be named with small letters'],
  [{ redis: { entry: './p.ts' } }, 'beside.redis must have another name'],
  [{ n4: { entry: './p.ts' } }, 'beside.n4 must have another name'],
  [{ payments: {} }, 'beside.payments.entry is missing.'],
  [{ payments: { entry: './p.ts', nodes: 2 } }, 'there is no member beside.payments.nodes.'],
  [{ payments: './p.ts' }, 'beside.payments must be "postgres", or an object with the member "entry", not "./p.ts".'],
  [{ pg: { postgres: '' } }, 'beside.pg.postgres must be a path'],
  [{ pg: { postgres: 'a.sql', nodes: 2 } }, 'there is no member beside.pg.nodes. Known: '],
])('a declaration whose "beside" is %j is refused with the reason', (beside, reason) => {
  const declaration = { entry: './server.ts', routes: './routes.json', beside } as never
  expect(() => declaredService(declaration, { where: 'shop', directory: '.' })).toThrow(`shop: ${reason}`)
})
