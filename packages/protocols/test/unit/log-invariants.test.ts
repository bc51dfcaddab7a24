import { describe, expect, test } from 'vitest'
import type { Entry, Log } from '../../src/log.ts'
import { type LogProtocol, watchCompleteness } from '../../src/log-invariants.ts'

interface Node {
  readonly leads: boolean
  readonly term: number
  readonly log: Log
  readonly settled: number
}

const protocol: LogProtocol<Node> = {
  leads: ({ leads }) => leads,
  term: ({ term }) => term,
  log: ({ log }) => log,
  settled: ({ settled }) => settled,
}

const logOf = (...terms: number[]): Log => ({
  compacted: 0,
  compactedTerm: 0,
  entries: terms.map((term): Entry => ({ term, command: null })),
})
const leader = (term: number, log: Log, settled = 0): Node => ({ leads: true, term, log, settled })

/** Returns the violation at the last of these steps. Earlier steps must have none. */
function verdictOn(...steps: readonly (readonly [string, Node])[]): string | undefined {
  const watch = watchCompleteness(protocol)
  const watches = new Map(steps.map(([node]) => [node, watch(node)]))
  const verdicts = steps.map(([node, state]) => watches.get(node)?.(state, undefined, []))
  expect(verdicts.slice(0, -1)).toEqual(verdicts.slice(0, -1).map(() => undefined))
  return verdicts.at(-1)
}

describe('leader completeness', () => {
  test('leader completeness is violated by a leader of a later term that lacks a committed entry', () => {
    expect(verdictOn(['n1', leader(4, logOf(4), 1)], ['n3', leader(5, logOf())])).toBe(
      'n3 leads term 5 without entry 1 of term 4, committed in term 4',
    )
  })

  test('leader completeness is met by a leader of a later term that has every committed entry', () => {
    expect(verdictOn(['n1', leader(4, logOf(4), 1)], ['n3', leader(5, logOf(4, 5))])).toBeUndefined()
  })

  test('leader completeness allows a leader of an earlier term to lack entries that were committed in a later term', () => {
    // n3 was elected for term 5, but learns this only in term 6, when n1 has already committed an entry of term 4.
    const committed = [
      ['n1', leader(4, logOf(4))],
      ['n1', leader(6, logOf(4, 6), 2)],
    ] as const
    expect(verdictOn(...committed, ['n3', leader(5, logOf())])).toBeUndefined()
    expect(verdictOn(...committed, ['n3', leader(7, logOf())])).toBe(
      'n3 leads term 7 without entry 1 of term 4, committed in term 6',
    )
  })
})
