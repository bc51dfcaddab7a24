import type { Json } from '../event/event.ts'
import { EventError, shortened } from '../event/rules.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { foundOrMade } from '../history/once-per-history.ts'
import { exactNumber } from './exact-number.ts'
import { LinesReader } from './lines-reader.ts'
import { type MicroOperation, Sessions } from './sessions-of-transactions.ts'

interface Options {
  readonly source: string
  readonly sink: EventSink
}

const AWDIT_LINE = /^([rw])\s+(\S+)\s+(\S+)$/
const PLUME_LINE = /^([rw])\(\s*([^,()]+?)\s*,\s*([^,()]*?)\s*,\s*(\d+)\s*,\s*(-1|\d+)\s*\)$/

export const isAwdit = (content: string): boolean => isFirst(content, AWDIT_LINE) && !/[{}[\]]/.test(content)
export const isPlume = (content: string): boolean => isFirst(content, PLUME_LINE)

const isFirst = (content: string, line: RegExp): boolean => line.test((content.split('\n', 1)[0] ?? '').trim())

/** Reads AWDIT's test format: `w 0 1` and `r 0 1`, `-----` between transactions, `=====` between sessions. */
export function awditReader(options: Options): ChunkReader {
  const sessions = new Sessions(options)
  let session = 0
  let transaction: MicroOperation[] = []
  let began = 1
  const end = (): void => {
    if (transaction.length > 0) sessions.add(session, transaction, true, began)
    transaction = []
  }
  return new LinesReader(options, {
    take(text, line) {
      const trimmed = text.trim()
      if (/^-{3,}$/.test(trimmed)) return end()
      if (/^={3,}$/.test(trimmed)) {
        end()
        session += 1
        return
      }
      const [, kind = '', key = '', value = ''] = AWDIT_LINE.exec(trimmed) ?? []
      if (kind === '') throw new EventError(unread(text, 'w KEY VALUE, r KEY VALUE, ----- or ====='))
      if (transaction.length === 0) began = line
      transaction.push([kind, atom(key), kind === 'r' ? read(value) : atom(value)])
    },
    end() {
      end()
      sessions.end()
    },
  })
}

/** Reads the text format of Plume and PolySI: `r(key,value,session,transaction)`. Transaction -1 was aborted. */
export function plumeReader(options: Options): ChunkReader {
  const sessions = new Sessions(options)
  const transactions = new Map<string, { session: number; operations: MicroOperation[]; line: number }>()
  return new LinesReader(options, {
    take(text, line) {
      const [, kind = '', key = '', value = '', session = '', transaction = ''] = PLUME_LINE.exec(text.trim()) ?? []
      if (kind === '') throw new EventError(unread(text, 'r(KEY,VALUE,SESSION,TRANSACTION) or w(…)'))
      const name = `${session},${transaction}`
      const known = foundOrMade(transactions, name, () => ({ session: Number(session), operations: [], line }))
      known.operations.push([kind, atom(key), kind === 'r' ? read(value) : atom(value)])
    },
    end() {
      for (const [name, { session, operations, line }] of transactions)
        sessions.add(session, operations, !name.endsWith(',-1'), line)
      sessions.end(0)
    },
  })
}

const unread = (text: string, forms: string): string =>
  `${JSON.stringify(shortened(text.trim()))} is no operation of this format. A line is ${forms}.`

const atom = (text: string): Json => (/^-?\d+$/.test(text) ? exactNumber(text) : text)
/** A value that was read. Notations such as `nil` become null. */
const read = (text: string): Json => (/^(?:|\?|-|null|nil|none)$/i.test(text) ? null : atom(text))
