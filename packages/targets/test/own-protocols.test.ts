import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UserError } from '@chaos/history'
import { describe, expect, test } from 'vitest'
import { ask, realClusters } from './real-cluster.ts'

const { start, directory } = realClusters()

/** Each node answers by itself: nobody leads. */
function fileOf({ step = '', begin = '', status }: { step?: string; begin?: string; status: string }): string {
  const file = join(directory(), 'mine.mjs')
  writeFileSync(
    file,
    `export default { name: 'mine', create: () => ({
  start(node) { ${begin}; return { state: {}, effects: [{ type: 'setTimer', timer: 'tick', afterMs: 300 }] } },
  step(state, event) {
    const effects = []
    if (event.type === 'request') effects.push({ type: 'reply', requestId: event.requestId, result: { type: 'ok', value: 1 } })
    ${step}
    return { state, effects }
  },
  status: () => (${status}),
}) }`,
  )
  return file
}

/** What is told of a protocol that goes wrong: after its start, or still during it where the machine is slow. */
const broken = (protocol: string): Promise<UserError> =>
  start({ protocol }).then(
    (cluster) => new Promise((resolve) => cluster.onBroken(resolve)),
    (error) => error,
  )
const READY = '{ role: "copy", leads: false, ready: true }'
const read = { f: 'read', key: 'x', value: null } as const

describe('a protocol without a leader', () => {
  test('is ready when it says so', async () => {
    const cluster = await start({ protocol: fileOf({ status: READY }) })
    expect(cluster.leader()).toBeUndefined()
    expect(await ask(cluster, 'n2', read)).toEqual({ type: 'ok', value: 1 })
  })

  test('is ready after a while when it says nothing about it', async () => {
    const cluster = await start({ protocol: fileOf({ status: '{ role: "copy", leads: false }' }) })
    expect(await ask(cluster, 'n3', read)).toEqual({ type: 'ok', value: 1 })
  })

  test('is waited for while it says that it is not ready', async () => {
    const unready = start({
      protocol: fileOf({ status: '{ role: "copy", leads: false, ready: false }' }),
      startupTimeoutMs: 4_000,
    })
    await expect(unready).rejects.toThrow('no node is ready to serve after 4000 ms (n1 copy, n2 copy, n3 copy)')
  })
})

describe('a node whose protocol goes wrong is told as that, with the event and the place:', () => {
  test('in its start', async () => {
    const starting = start({ protocol: fileOf({ begin: 'throw new Error("no start")', status: READY }) })
    await expect(starting).rejects.toThrow(/n\d threw on its start: no start\n +at .*mine\.mjs:\d+:\d+\)\nIts log is/)
  })

  test('in a step', async () => {
    const protocol = fileOf({ step: 'if (event.type === "timer") state.nothing.at', status: READY })
    expect((await broken(protocol)).message).toMatch(
      /n\d threw on \{"type":"timer","timer":"tick"\}: TypeError: .*\n +at .*mine\.mjs/,
    )
  })

  test('in one that does not return', async () => {
    const protocol = fileOf({ step: 'if (event.type === "timer") for (;;);', status: READY })
    expect((await broken(protocol)).message).toMatch(/does not return from its step: n\d on \{"type":"timer"/)
  })

  test('in what a step left to itself', async () => {
    const protocol = fileOf({
      step: 'if (event.type === "timer") Promise.reject(new Error("later"))',
      status: READY,
    })
    expect((await broken(protocol)).message).toMatch(/n\d threw outside its steps.*: later\n +at .*mine\.mjs/)
  })
})

test('what a protocol prints is for its log, and does not disturb its node', async () => {
  const cluster = await start({ protocol: fileOf({ step: 'console.log("hello")', status: READY }) })
  expect(await ask(cluster, 'n1', read)).toEqual({ type: 'ok', value: 1 })
  expect(cluster.trouble()).toEqual([])
})
