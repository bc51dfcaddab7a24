import type { Counterexample } from '@chaosproxy/checker'
import { nanos } from '@chaosproxy/history'
import type { Heard, NodeMessage } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { made, ms, report, summary, violated } from '../../runner/test/timeline.ts'
import { explain } from '../src/explanation/explained.ts'
import { listeningFor } from '../src/facts/listening.ts'
import { renderHtml } from '../src/html/page.ts'
import { toJson } from '../src/json.ts'
import { renderRun } from '../src/terminal/run-page.ts'
import { plainStyle } from '../src/terminal/style.ts'

// What nodes sent each other is told and drawn as it was heard, and nothing is claimed that was not.

const history = made([
  { p: 1, f: 'write', key: 'x', in: 105, from: 887e6, to: 890e6, node: 'n1' },
  { p: 2, f: 'write', key: 'x', in: 743, from: 6570e6, to: 6575e6, node: 'n1' },
  { p: 3, f: 'read', key: 'x', out: 105, from: 7118e6, to: 7120e6, node: 'n3' },
])
const counterexample: Counterexample = {
  level: 'linearizable',
  sentence: 'process 3 read 105 for x from n3.',
  operations: [0, 1, 2].map((operation) => ({ operation, role: 'core' as const })),
  keys: ['x'],
  culprit: 2,
}
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

function told(messages: readonly NodeMessage[], more: Partial<Heard> = {}) {
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

const everywhere = (all: ReturnType<typeof told>, words: string): void => {
  for (const text of [all.page, all.terminal, JSON.stringify(all.explained), all.json]) expect(text).toContain(words)
}

test('what is listened for is the change that was missed, from its call to the answer without it', () => {
  expect(listening).toEqual({ from: ms(6570), to: ms(7120), between: ['n1', 'n3'], about: [change] })
})

describe('a message with the change', () => {
  test('that was held stops at a bar, and the sentence says so everywhere', () => {
    const all = told([{ ...sent, fate: 'held', by: 'partition' }])
    everywhere(all, 'The message with x = 743 to n3 was held (partition).')
    expect(all.svg).toContain('class="message held"')
    expect(all.svg).not.toContain('never')
    expect(all.terminal).toContain('n1 → n3: replicate with x = 743, sent at 6.5710 s, held (partition)')
    expect(all.explained.messages[0]).toBe('n1 → n3: replicate with x = 743, sent at 6.5710 s, held (partition)')
  })

  test('that was lost stops at a cross', () => {
    const all = told([{ ...sent, fate: 'lost', by: 'down', endedAt: ms(6572) }])
    everywhere(all, 'The message with x = 743 to n3 was lost (it was down).')
    expect(all.svg).toContain('class="stop lost"')
  })

  test('that came too late says when', () => {
    const all = told([{ ...sent, by: 'partition', endedAt: ms(7119) }])
    everywhere(all, 'The message with x = 743 to n3 was held (partition) and received only at 7.119 s.')
  })

  test('that had arrived blames no wire', () => {
    everywhere(told([{ ...sent, endedAt: ms(6572) }]), 'n3 had received x = 743 at 6.572 s.')
  })

  test('that was never sent is drawn as dots, and claimed only where everything was heard', () => {
    const other: NodeMessage = {
      from: 'n3',
      to: 'n1',
      type: 'ack',
      sentAt: ms(6600),
      endedAt: ms(6601),
      fate: 'received',
    }
    const all = told([other])
    everywhere(all, 'No message with x = 743 was sent to n3 by then.')
    expect(all.svg).toContain('class="message never"')
    expect(all.terminal).toContain('1 other message about it or between the two meanwhile')
    const cut = told([other], { isCut: true })
    expect(cut.page).not.toContain('was sent to n3 by then')
    expect(cut.svg).not.toContain('class="message never"')
  })
})

test('what was heard about something else is not told', () => {
  if (listening === undefined) throw new Error('nothing to listen for')
  const other = { ...listening, to: nanos(listening.to + 1) }
  expect(told([sent], { listening: other }).terminal).not.toContain('replicate')
})
