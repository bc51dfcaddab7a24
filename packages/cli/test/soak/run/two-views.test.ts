import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'

/** A correct backend with one node. Only the link to it can lose replies. */
const HONEST = `
const answer = (state, { requestId, input: { f, key, value } }) => {
  const held = state[key] ?? null
  if (f === 'read') return { type: 'reply', requestId, result: { type: 'ok', value: held } }
  if (f === 'cas' && held !== value[0]) return { type: 'reply', requestId, result: { type: 'fail', error: 'mismatch' } }
  state[key] = f === 'cas' ? value[1] : value
  return { type: 'reply', requestId, result: { type: 'ok', value } }
}
export default {
  name: 'honest',
  promises: 'linearizable',
  defaultNodes: 1,
  create: () => ({
    start: () => ({ state: {}, effects: [] }),
    step: (state, event) => ({ state, effects: event.type === 'request' ? [answer(state, event)] : [] }),
    status: () => ({ role: 'only', leads: true }),
  }),
}
`

describe('a link that loses the replies of a correct backend', () => {
  test('a correct backend is judged linearizable if replies are lost, and the lost replies are counted', async () => {
    const directory = temporaryDirectory()
    const protocol = join(directory, 'honest.mjs')
    writeFileSync(protocol, HONEST)
    const run = [
      'run',
      '--protocol',
      protocol,
      '--faults',
      'lose-reply',
      '--time',
      '3s',
      '--rate',
      '400',
      '--seed',
      '1',
    ]
    const { exitCode, stdout } = await chaos([...run, '--timeout', '200ms', '--out', directory, '--json'])
    const { levels, views, operations, run: path } = JSON.parse(stdout)
    expect(levels.linearizable.result).toBe('met')
    expect(views.client.headline).toBe('linearizable')
    expect(views.backend).toMatchObject({ headline: 'linearizable', levels: { linearizable: { result: 'met' } } })
    expect(views.settled.untold).toBeGreaterThan(0)
    // A read whose reply was lost counts as failed, so it is not among the operations of unknown outcome.
    expect(views.settled.untold).toBeLessThanOrEqual(operations.info)
    expect(views.said[0]).toBe(`${views.settled.untold} answers were sent by a node but never reached the client`)
    expect(existsSync(join(path, 'history.backend.jsonl'))).toBe(true)
    expect(exitCode).toBe(0)
  })
})
