import { check } from '@chaosproxy/checker'
import { millis, nanos } from '@chaosproxy/history'
import type { Heard, NodeMessage } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { made, ms, readOfReplaced, report, summary, violated } from '../../../testing/src/timeline.ts'
import { explain } from '../../src/explanation/explained.ts'
import { listeningFor } from '../../src/facts/listening.ts'
import { renderHtml } from '../../src/html/page.ts'
import { toJson } from '../../src/reporters/result-json.ts'
import { renderRun } from '../../src/terminal/run-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

// Reports describe and draw messages between nodes as they were recorded, and claim nothing else about them.

const { history, counterexample } = readOfReplaced()
const judged = report('not linearizable', { linearizable: violated(counterexample) })
const listening = listeningFor({ history, report: judged })
const change = { key: 'x', value: 743 }
const sent: NodeMessage = {
  from: 'n1',
  to: 'n3',
  type: 'replicate',
  sentAt: ms(6571),
  fate: 'received',
  carries: change,
}

function rendered(messages: readonly NodeMessage[], more: Partial<Heard> = {}) {
  if (listening === undefined) throw new Error('nothing to listen for')
  const run = { ...summary({ report: judged }), heard: { listening, messages, isCut: false, ...more } }
  const input = { history, report: judged, run }
  const page = renderHtml({ ...input, title: 't', version: '1', historyFile: 'h' })
  return {
    page,
    svg: /<svg class="why-svg".*?<\/svg>/s.exec(page)?.[0] ?? '',
    terminal: renderRun(run, history, plainStyle, { width: 200, unicode: true, historyFile: 'h' }),
    explained: explain(input),
    json: JSON.stringify(toJson({ ...input, checkMs: 1 })),
  }
}

const everywhere = (all: ReturnType<typeof rendered>, words: string): void => {
  for (const text of [all.page, all.terminal, JSON.stringify(all.explained), all.json]) expect(text).toContain(words)
}

test('a replay records messages from the call of a write until the end of the read that missed the write', () => {
  expect(listening).toEqual({ from: ms(6570), to: ms(7120), between: ['n1', 'n3'], about: [change] })
})

test('a replay records no messages for the model lock, because no value identifies a change of a lock', () => {
  const taken = {
    ...({ model: 'lock', initial: null, levels: ['linearizable'], failedCas: 'drop' } as const),
    ...{ deadlineMs: millis(10_000), memoryBytes: 1e8, now: () => millis(0) },
  }
  const locked = made([
    { p: 1, f: 'acquire', key: 'L', from: 1e6, to: 2e6, node: 'n1' },
    { p: 2, f: 'acquire', key: 'L', from: 4e6, to: 5e6, node: 'n3' },
  ])
  const found = check(locked, taken)
  expect(found.levels.linearizable?.result).toBe('violated')
  expect(listeningFor({ history: locked, report: found })).toBeUndefined()
})

describe('a message with the missed change', () => {
  test('a held message with the missed change is drawn up to a bar, and every report states that it was held', () => {
    const all = rendered([{ ...sent, fate: 'held', by: 'partition' }])
    everywhere(all, 'The message with x = 743 to n3 was held (partition).')
    expect(all.svg).toContain('class="message held"')
    expect(all.svg).not.toContain('never')
    expect(all.terminal).toContain('n1 → n3: replicate with x = 743, sent at 6.5710 s, held (partition)')
    expect(all.explained.messages[0]).toBe('n1 → n3: replicate with x = 743, sent at 6.5710 s, held (partition)')
  })

  test('a lost message with the missed change is drawn as an arrow up to a cross', () => {
    const all = rendered([{ ...sent, fate: 'lost', by: 'down', endedAt: ms(6572) }])
    everywhere(all, 'The message with x = 743 to n3 was lost (it was down).')
    expect(all.svg).toContain('class="stop lost"')
  })

  test('a message that brought a write too late for the read is reported with the time of its arrival', () => {
    const all = rendered([{ ...sent, by: 'partition', endedAt: ms(7119) }])
    everywhere(all, 'The message with x = 743 to n3 was held (partition) and received only at 7.119 s.')
  })

  test('a violation is not blamed on the network if the message with the missed change had arrived', () => {
    const words = 'n3 had received x = 743 at 6.572 s, 546 ms before the request, and answered without it.'
    everywhere(rendered([{ ...sent, endedAt: ms(6572) }]), words)
  })

  test('a message that was held until shortly before the read is reported with both times', () => {
    const words =
      'n3 had received x = 743 at 7.109 s, 9.0 ms before the request, held (partition) until then, and answered without it.'
    everywhere(rendered([{ ...sent, by: 'partition', endedAt: ms(7109) }]), words)
  })

  test('the report gives both arrival times of a write: in a held message, and earlier from another node', () => {
    const held: NodeMessage = { ...sent, by: 'partition', endedAt: ms(7300) }
    const brought: NodeMessage = { ...sent, from: 'n2', type: 'versions', endedAt: ms(7119) }
    everywhere(
      rendered([held, brought]),
      'The message with x = 743 to n3 was held (partition) and received only at 7.300 s; n3 received it from n2 only at 7.119 s.',
    )
  })

  test('a missed change that no recorded message had is drawn as dots', () => {
    const other: NodeMessage = {
      from: 'n3',
      to: 'n1',
      type: 'ack',
      sentAt: ms(6600),
      endedAt: ms(6601),
      fate: 'received',
    }
    const all = rendered([other])
    everywhere(all, 'No message with x = 743 was sent to n3 before n3 answered.')
    expect(all.svg).toContain('class="message never"')
    expect(all.terminal).toContain('1 other message meanwhile')
    const cut = rendered([other], { isCut: true })
    expect(cut.page).not.toContain('was sent to n3 before n3 answered')
    expect(cut.svg).not.toContain('class="message never"')
  })
})

test('the report names a server that had the change and was not asked by the reading node', () => {
  const stored: NodeMessage = { ...sent, to: 'db', type: 'PUT /x', endedAt: ms(6572) }
  const all = rendered([stored], { unasked: ['db'] })
  everywhere(all, 'n3 did not ask db after 6.572 s, when db received x = 743.')
  expect(all.terminal).toContain('n3 → db: nothing about it was sent from then on')
  expect(JSON.stringify(all.explained)).toContain('Read from the server that has the data')
  expect(all.svg).toContain('n3 had not asked db since')
  const late = rendered([{ ...stored, endedAt: ms(7300) }], { unasked: ['db'] })
  everywhere(late, 'No message with x = 743 was sent to n3 before n3 answered.')
})

describe('a capture of messages', () => {
  test.each([
    ['not recorded', 'not every message to n3 was captured'],
    ['not recognised', 'x = 743 was not recognized in any message to n3, but a message may have contained it'],
  ] as const)(
    'if a message with the missed write may not have been recognised, the report says %s and draws no message',
    (unclear, words) => {
      const all = rendered([], { isCut: true, unclear })
      for (const text of [all.page, all.terminal, JSON.stringify(all.explained)]) expect(text).toContain(words)
      expect(JSON.parse(all.json)).toMatchObject({ messages: { unclear, neverSent: false } })
      expect(all.svg).not.toContain('class="message')
    },
  )

  test('the report does not say that messages are missing if a recorded message contained the missed write', () => {
    const all = rendered([{ ...sent, fate: 'held', by: 'partition' }], { isCut: true, unclear: 'not recorded' })
    expect(all.terminal).not.toContain('was captured')
  })
})

test('only the first attempt to reach a dead node is reported', () => {
  const attempt = { from: 'n1', to: 'n3', type: 'connection', fate: 'lost', by: 'down' } as const
  const all = rendered(
    [6580, 6590, 6600].map((at) => ({ ...attempt, sentAt: ms(at), endedAt: ms(at + 1) })),
    { isCut: true, unclear: 'not recorded' },
  )
  expect(all.explained.messages).toEqual([
    'n1 → n3: connection, sent at 6.5800 s, lost (it was down)',
    'not every message to n3 was captured',
    '2 other messages meanwhile',
  ])
})

test('the name of a message does not cover the line of a message that was never sent', () => {
  const toOther = { ...sent, to: 'n2', endedAt: ms(6571.5) }
  const { svg } = rendered([toOther])
  expect(svg).toContain('class="message never"')
  expect(/class="message received">.*?class="message-name( end)?"/s.exec(svg)?.[1]).toBe(' end')
})

test('the names of two messages sent at almost the same time are on opposite sides of their arrows', () => {
  const { svg } = rendered([
    { ...sent, fate: 'held', by: 'partition' },
    { ...sent, type: 'retry', sentAt: ms(6571.1), fate: 'held', by: 'partition' },
  ])
  expect(svg.match(/class="message-name( end)?"/g)).toHaveLength(2)
  expect(svg.match(/class="message-name end"/g)).toHaveLength(1)
})

test('messages are not reported if they were recorded for another time span than that of the violation', () => {
  if (listening === undefined) throw new Error('nothing to listen for')
  const other = { ...listening, to: nanos(listening.to + 1) }
  expect(rendered([sent], { listening: other }).terminal).not.toContain('replicate')
})
