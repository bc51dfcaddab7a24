import { type Event, type Nanos, nanos } from '@chaosproxy/history'
import type { WireRecorder } from '@chaosproxy/runner'
import type { EmbeddedCluster } from '@chaosproxy/targets'
import { beforeEach, describe, expect, test } from 'vitest'
import { eventually, realClusters } from '../../../testing/src/real-cluster.ts'

const { start } = realClusters()
const recorded = { functions: ['read', 'write', 'cas'], reads: ['read'], initial: null }

type Line = Event & { readonly edges?: readonly string[]; readonly session?: string }

let cluster: EmbeddedCluster
let client: Line[]
let backend: Line[]
let recorder: WireRecorder

beforeEach(async () => {
  cluster = await start({ recorded })
  client = []
  backend = []
  let now = 0
  const begun = cluster.record?.(
    { client: (line) => client.push(JSON.parse(line)), backend: (line) => backend.push(JSON.parse(line)) },
    (): Nanos => nanos(++now),
  )
  if (begun === undefined) throw new Error('the cluster keeps no record')
  recorder = begun
})

const send = (path: string, session: string, init: RequestInit = {}) =>
  fetch(`${cluster.url('n1')}${path}`, {
    ...init,
    headers: { 'Chaos-Session': session, 'Chaos-Sequence': '1', ...init.headers },
  })

/** On a busy machine, the cluster may elect a new leader at any time. It refuses requests during the election. */
const served = (...request: Parameters<typeof send>) =>
  eventually(async () => expect((await send(...request)).status).toBe(200))

const shape = (events: readonly Line[]) =>
  events.filter(({ process }) => process !== 'recorder').map(({ type, f, key, value }) => [type, f, key, value])

/** Returns the call and the end of the last operation with this function. */
const lastOf = (f: string, events: readonly Line[]) =>
  shape(events)
    .filter(([, each]) => each === f)
    .slice(-2)

describe("the proxy's record of a run", () => {
  test("the proxy's record lists requests and replies both as clients and as backends see them", async () => {
    await served('/kv/x', 'a', { method: 'PUT', body: '{"value":7}' })
    await served('/kv/x', 'a')
    for (const view of [client, backend]) {
      expect(lastOf('write', view)).toEqual([
        ['invoke', 'write', 'x', 7],
        ['ok', 'write', 'x', 7],
      ])
      expect(lastOf('read', view)).toEqual([
        ['invoke', 'read', 'x', null],
        ['ok', 'read', 'x', 7],
      ])
    }
    expect(client[0]?.session).toBe('a')
  })

  test("the proxy's record lists a failed compare-and-set as fail", async () => {
    await send('/kv/x/cas', 'a', { method: 'POST', body: '{"old":1,"new":2}' })
    expect(shape(client)).toEqual([
      ['invoke', 'cas', 'x', [1, 2]],
      ['fail', 'cas', 'x', undefined],
    ])
  })

  test("the proxy's record marks final reads, and omits requests that are not operations", async () => {
    await send('/status', 'a')
    await send('/kv/x', 'a', { headers: { 'Chaos-Final': 'yes' } })
    expect(client.filter(({ process }) => process !== 'recorder').map(({ final }) => final)).toEqual([true, undefined])
  })

  test("the proxy's record lists an operation that never reached the proxy as fail, with the client's error", async () => {
    const invocation = { session: 'a', node: 'n1', f: 'write', key: 'x', value: 7, final: false, error: 'ECONNRESET' }
    recorder.missed(invocation)
    expect(client.map(({ type, edges, error }) => [type, edges, error])).toEqual([
      ['invoke', undefined, undefined],
      ['fail', ['client-in'], 'never forwarded: ECONNRESET'],
    ])
    expect(backend).toEqual([])
  })
})
