import { startRunClock } from '@chaosproxy/proxy'
import { createRecorder } from '@chaosproxy/recorder'
import { redis } from '@chaosproxy/recorder/redis'
import { describe, expect, test } from 'vitest'
import { summaryLines } from '../../../src/proxy/recording-summary.ts'

describe('the summary of a recording', () => {
  test.each([
    [true, ['"scripts":"keys"', 'CLIENT SETNAME'], ['route', '"ignore"', 'header.X-Client']],
    [false, ['"ignore": true', 'header.X-Client'], ['CLIENT SETNAME', '"scripts"']],
  ])(
    'the summary of a recording proposes only remedies that apply to the recorded protocol (Redis: %s)',
    (isRedis, wanted, unwanted) => {
      const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } as never })
      const exchange = recorder.connection({ node: 'n1', client: '127.0.0.1' }).beginWhole(recorder.now())
      const call = { f: 'write', key: 'x', value: 1 }
      exchange.called({ kind: 'operations', calls: [call], session: undefined })
      recorder.passedOn('EVAL', 'everything')
      const text = summaryLines(recorder, {
        lostLines: 0,
        path: 'history.jsonl',
        by: isRedis ? redis : 'routes',
      }).join('\n')
      for (const part of wanted) expect(text).toContain(part)
      for (const part of unwanted) expect(text).not.toContain(part)
    },
  )

  test('the summary of a recording names the first kinds of forwarded requests, and counts the rest', () => {
    const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } as never })
    const passed = { HELLO: 2, CLIENT: 6, MULTI: 20, EXEC: 20, WATCH: 40 }
    for (const [what, times] of Object.entries(passed))
      for (let i = 0; i < times; i++) recorder.passedOn(what, 'nothing')
    const text = summaryLines(recorder, { lostLines: 0, path: 'history.jsonl', by: redis }).join('\n')
    expect(text).toContain('forwarded 88 requests that are not operations: HELLO 2×, CLIENT 6×, MULTI 20×, and 60 more')
  })

  test('the summary of a recording keeps a request on one line even if its path contains a line break', () => {
    const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } as never })
    recorder.passedOn('GET /b\n  LINEARIZABLE', 'nothing')
    recorder.passedOn('POST /b\n  LINEARIZABLE', 'everything')
    const text = summaryLines(recorder, { lostLines: 0, path: 'history.jsonl', by: 'routes' }).join('\n')
    expect(text).toContain('GET /b\\n  LINEARIZABLE')
    expect(text).not.toMatch(/^ *LINEARIZABLE/m)
  })
})
