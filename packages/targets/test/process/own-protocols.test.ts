import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { ask, realClusters } from '../../../testing/src/real-cluster.ts'

const { start, directory } = realClusters()

interface Written {
  readonly begin?: string
  /** In every step. */
  readonly step?: string
  /** Code that runs soon after the first request. It thus never runs before the cluster has started. */
  readonly asked?: string
  readonly status: string
}

/** Writes a protocol's file. Each of its nodes answers by itself, and none leads. */
function fileOf({ begin = '', step = '', asked, status }: Written): string {
  const file = join(directory(), 'mine.mjs')
  writeFileSync(
    file,
    `export default { name: 'mine', create: () => ({
  start(node) { ${begin}; return { state: {}, effects: [] } },
  step(state, event) {
    const effects = []
    if (event.type === 'request') effects.push({ type: 'reply', requestId: event.requestId, result: { type: 'ok', value: 1 } })
    ${step}
    ${asked === undefined ? '' : `if (event.type === 'request') effects.push({ type: 'setTimer', timer: 'asked', afterMs: 1 })`}
    if (event.type === 'timer') { ${asked ?? ''} }
    return { state, effects }
  },
  status: () => (${status}),
}) }`,
  )
  return file
}

const READY = '{ role: "copy", leads: false, ready: true }'
const read = { f: 'read', key: 'x', value: null } as const

/** Returns the error that a cluster reports when its protocol runs the failing `statement` after the first request. */
async function failureOf(statement: string): Promise<string> {
  const cluster = await start({ protocol: fileOf({ asked: statement, status: READY }) })
  const broken = new Promise<UserError>((resolve) => cluster.onBroken(resolve))
  await ask(cluster, 'n1', read)
  return (await broken).message
}

describe('a protocol without a leader', () => {
  test('a protocol without a leader is ready once its status has "ready": true', async () => {
    const cluster = await start({ protocol: fileOf({ status: READY }) })
    expect(cluster.leader()).toBeUndefined()
    expect(await ask(cluster, 'n2', read)).toEqual({ type: 'ok', value: 1 })
  })

  test('a protocol without a leader is ready after a delay if its status has no member "ready"', async () => {
    const cluster = await start({ protocol: fileOf({ status: '{ role: "copy", leads: false }' }) })
    expect(await ask(cluster, 'n3', read)).toEqual({ type: 'ok', value: 1 })
  })

  test('a protocol whose status never has "ready": true is awaited until the timeout', async () => {
    const unready = start({
      protocol: fileOf({ status: '{ role: "copy", leads: false, ready: false }' }),
      startupTimeoutMs: 10_000,
    })
    await expect(unready).rejects.toThrow('no node is ready to serve after 10000 ms (n1 copy, n2 copy, n3 copy)')
  })
})

describe('an error in a protocol', () => {
  test('an error in the start of a protocol is reported with its stack', async () => {
    const starting = start({ protocol: fileOf({ begin: 'throw new Error("no start")', status: READY }) })
    await expect(starting).rejects.toThrow(/n\d threw on its start: no start\n +at .*mine\.mjs:\d+:\d+\)\nIts log is/)
  })

  test('an error in a step of a protocol is reported with its stack and the handled event', async () => {
    expect(await failureOf('state.nothing.at')).toMatch(
      /n1 threw on \{"type":"timer","timer":"asked"\}: TypeError: .*\n +at .*mine\.mjs/,
    )
  })

  test('a step of a protocol that does not return is reported with its event', async () => {
    expect(await failureOf('for (;;);')).toMatch(/does not return from its step: n1 on \{"type":"timer"/)
  })

  test('an unhandled rejection in a step of a protocol is reported with its stack', async () => {
    expect(await failureOf('Promise.reject(new Error("later"))')).toMatch(
      /n1 threw outside its steps.*: later\n +at .*mine\.mjs/,
    )
  })
})

test('console output in a protocol leaves the replies of its node intact', async () => {
  const cluster = await start({ protocol: fileOf({ step: 'console.log("hello")', status: READY }) })
  expect(await ask(cluster, 'n1', read)).toEqual({ type: 'ok', value: 1 })
  expect(cluster.trouble()).toEqual([])
})
