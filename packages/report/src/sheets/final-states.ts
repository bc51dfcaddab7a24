import type { OperationRow } from '@chaosproxy/checker'
import { byName, FAIL, type History, oncePerHistory, outputOf, plural } from '@chaosproxy/history'
import {
  answeredText,
  clientOf,
  isFinal,
  isOk,
  isRead,
  isReplacing,
  keyOf,
  nameText,
  nodeOf,
  returnEventOf,
  valueText,
  wasBefore,
  writtenBy,
  writtenText,
} from '../operation-words.ts'
import { clockOf, type LayOutSheet, numberColumns, type SheetRow, textColumns } from './sheet.ts'

/** Maximum number of keys to list; further keys are only counted. */
const MOST_KEYS = 4
const VALUE = 12

interface Ended {
  readonly key: string | undefined
  readonly reads: ReadonlyMap<string, OperationRow>
  /** The write that was acknowledged last. */
  readonly last: OperationRow | undefined
  /**
   * Whether `last` certainly decides the final value: it ended before every final read, and no other change can have
   * replaced it.
   */
  readonly isSurelyLast: boolean
}

/** Lays out the final reads of the keys whose final state is wrong. */
export const finalStatesSheet: LayOutSheet = ({ history, counterexample: { level, operations } }) => {
  const first = operations.find(({ operation }) => isFinal(history, operation))?.operation
  if (!['eventual', 'convergent'].includes(level) || first === undefined) return undefined
  const ends = endings(history)
  const shown = ends.get(keyOf(history, first))
  if (shown === undefined || ![...shown.reads.keys()].every((node) => node !== '')) return undefined
  const wrong = [...ends.values()].filter((end) => wrongOf(history, end).length > 0)
  if (!wrong.includes(shown)) return undefined
  const listed = [shown, ...wrong.filter((end) => end !== shown)].slice(0, MOST_KEYS)
  const nodes = [...new Set(listed.flatMap(({ reads }) => [...reads.keys()]))].sort(byName)
  const at = clockOf(
    history,
    listed.flatMap(({ last }) => last ?? []),
  )
  const rows = listed.map((end): SheetRow => {
    const { key, reads, last } = end
    const node = last === undefined ? undefined : nodeOf(history, last)
    const written =
      last === undefined
        ? 'nothing'
        : `${valueText(writtenBy(history, last), VALUE)} by ${clientOf(history, last)} at ${at(last, 'return')}${node === undefined ? '' : `, ${nameText(node, 16)}`}`
    return {
      cells: [
        key === undefined ? 'value' : nameText(key, 16),
        written,
        ...nodes.map((name) => answerOf(history, reads.get(name))),
      ],
      wrong: wrongOf(history, end).map((name) => nodes.indexOf(name) + 2),
      operation: last,
    }
  })
  const more = wrong.length - listed.length
  const others = plural(more, 'more key')
  return {
    title: 'What each node answered at the end',
    columns: [...textColumns('key', 'last acknowledged'), ...numberColumns(...nodes.map((node) => nameText(node, 16)))],
    rows: more === 0 ? rows : [...rows, { cells: ['', others], look: 'faint' }],
  }
}

const answerOf = (history: History, read: OperationRow | undefined): string =>
  read === undefined ? '–' : valueText(outputOf(history, read), VALUE)

export const endOf = (history: History, key: string | undefined): Ended | undefined => endings(history).get(key)

export function wrongOf(history: History, { reads, last, isSurelyLast }: Ended): readonly string[] {
  const texts = [...reads].map(([node, read]) => ({ node, text: answeredText(history, read) }))
  const written = last === undefined ? undefined : writtenText(history, last)
  const times = (text: string): number => texts.filter((other) => other.text === text).length
  const most = texts.reduce((best, { text }) => (times(text) > times(best) ? text : best), texts[0]?.text ?? '')
  const expected = isSurelyLast || texts.some(({ text }) => text === written) ? written : most
  return texts.flatMap(({ node, text }) => (text === expected ? [] : [node]))
}

const endings = oncePerHistory((history): ReadonlyMap<string | undefined, Ended> => {
  const { length, outcome } = history.operations
  type Known = { readonly changes: OperationRow[]; readonly reads: Map<string, OperationRow> }
  const byKey = new Map<string | undefined, Known>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] === FAIL) continue
    const key = keyOf(history, row)
    const known: Known = byKey.get(key) ?? { changes: [], reads: new Map() }
    byKey.set(key, known)
    if (!isRead(history, row)) known.changes.push(row)
    else if (isFinal(history, row) && isOk(history, row)) known.reads.set(nodeOf(history, row) ?? '', row)
  }
  const ended = (key: string | undefined, changes: readonly OperationRow[], reads: Ended['reads']): Ended => {
    const acknowledged = changes.filter((row) => isOk(history, row))
    const last = acknowledged.reduce<OperationRow | undefined>(
      (newest, row) =>
        newest === undefined || returnEventOf(history, row) > returnEventOf(history, newest) ? row : newest,
      undefined,
    )
    const isSurelyLast =
      last !== undefined &&
      isReplacing(history, last) &&
      [...reads.values()].every((read) => wasBefore(history, last, read)) &&
      changes.every((row) => row === last || (isOk(history, row) && wasBefore(history, row, last)))
    return { ...{ key, reads, last }, isSurelyLast }
  }
  return new Map([...byKey].map(([key, { changes, reads }]) => [key, ended(key, changes, reads)]))
})
