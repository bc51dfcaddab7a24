import type { History } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Finding } from '../judge/guarantees.ts'
import { who } from '../verdict/words.ts'
import { contradicting } from './core.ts'
import type { Guarantee, OfOneValue } from './guarantees.ts'
import { copiesOf, type RecordedOperation } from './operations.ts'
import type { Message, Queue } from './record.ts'

export interface Scene {
  readonly history: History
  readonly queue: Queue
}

export const nameOf = ({ name }: Pick<Queue, 'name'>): string => name ?? 'the queue'

const timesInWords = (n: number): string => (n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`)

export const SAY_START = "Give the initial value: --initial '[]' means empty"

export function findingOf(
  scene: Scene,
  message: Message,
  guarantee: OfOneValue,
  operations: readonly RecordedOperation[],
): Finding<Guarantee> {
  const rowsOf = (...some: readonly RecordedOperation['does'][]): readonly OperationRow[] =>
    operations.filter(({ does }) => some.includes(does)).map(({ row }) => row)
  const shows = contradicting[guarantee]
  const isSparse = guarantee === 'no-invented-messages' && copiesOf(message) === 0
  const core =
    guarantee === 'no-lost-messages' ? dueRows(operations) : rowsOf(...shows, ...(isSparse ? [] : ['enqueue' as const]))
  const context = [...(guarantee === 'no-invented-messages' ? message.failed : []), ...operations.map(({ row }) => row)]
  return {
    ...{ guarantee, sentence: sentenceOf(scene, message, guarantee, operations) },
    core: ascending(core),
    context: [...new Set(context)].filter((row) => !core.includes(row)),
    culprit: operations.findLast(({ does }) => shows.includes(does))?.row ?? 0,
  }
}

const dueRows = (operations: readonly RecordedOperation[]): readonly OperationRow[] =>
  operations
    .filter(({ does, ...each }) => (does === 'enqueue' && each.return !== NEVER) || does === 'look')
    .map(({ row }) => row)

export function sentenceOf(
  scene: Scene,
  message: Message,
  guarantee: OfOneValue,
  operations: readonly RecordedOperation[],
): string {
  const { text } = message
  const queue = nameOf(scene.queue)
  const takes = operations.filter((each) => each.does === 'take')
  const last = operations.findLast(({ does }) => does !== 'ack' && contradicting[guarantee].includes(does))
  const [first] = takes
  if (last === undefined) return ''
  const by = who(scene.history, last.row)
  switch (guarantee) {
    case 'no-lost-messages':
      return lostInWords(scene, message, operations)
    case 'no-invented-messages':
      return `${by} got ${text} from ${queue}, but ${whyInvented(message, last)}.`
    case 'no-handouts-after-ack': {
      const acks = operations.filter(({ does }) => does === 'ack')
      const acker = acks.findLast(({ return: end }) => end < last.call) ?? acks.at(-1)
      const again = last.does === 'take' ? `${by} got it all the same, later` : 'it was there all the same, later'
      const often = copiesOf(message) > 1 ? `all ${copiesOf(message)} messages ${text}` : text
      return `${acker === undefined ? 'Somebody' : who(scene.history, acker.row)} acknowledged ${often} of ${queue}, and ${again}.`
    }
    case 'no-double-leases': {
      const [one = last, other = last] = takes.toSorted((a, b) => a.return - b.return)
      const leaseMs = takes.find(({ row }) => row === one.row)?.leaseMs ?? takes.find((each) => each.leaseMs)?.leaseMs
      const apartMs = Math.max(...takes.flatMap((a) => takes.flatMap((b) => (a === b ? [] : a.toMs - b.fromMs))))
      const many = takes.length === 2 ? '' : `, ${takes.length} clients in all`
      return `${who(scene.history, one.row)} got ${text} from ${queue} for ${leaseMs} ms, and ${who(scene.history, other.row)} got it, too${many}, within ${Math.ceil(apartMs)} ms.`
    }
    case 'no-repeats': {
      const nacks = operations.filter(({ does }) => does === 'nack').length
      const gave = nacks === 0 ? '' : `, though it was given back only ${timesInWords(nacks)}`
      return `${text} of ${queue} was handed out ${takes.length} times: first ${who(scene.history, (first ?? last).row)} got it, and at last ${by}${gave}.`
    }
    default:
      return guarantee satisfies never
  }
}

function whyInvented(message: Message, last: RecordedOperation): string {
  const { enqueues, failed } = message
  if (copiesOf(message) === 0)
    return failed.length > 0 ? 'its enqueue was reported as failed' : 'nobody had enqueued it'
  const isEarly = (last.does === 'take' && last.isInvented) || (last.does === 'look' && last.invented.has(message.text))
  if (isEarly && enqueues.length > 0) return 'it was enqueued only later'
  return `it was in the queue only ${timesInWords(copiesOf(message))}`
}

function lostInWords(scene: Scene, message: Message, operations: readonly RecordedOperation[]): string {
  const { text } = message
  const queue = nameOf(scene.queue)
  const confirmed = operations.filter(({ does, ...each }) => does === 'enqueue' && each.return !== NEVER)
  const [enqueue] = confirmed
  const taken = operations.find(({ does }) => does === 'take')
  const acks = new Set(operations.flatMap((each) => (each.does === 'ack' ? [each.receipt] : []))).size
  const due = message.initially + confirmed.length
  if (due > 1 || acks > 0) {
    const look = operations.findLast((each) => each.does === 'look')
    const left = (look?.does === 'look' ? look.counts.get(text) : undefined) ?? 0
    const settled = acks === 0 ? 'never acknowledged' : `acknowledged ${timesInWords(acks)}`
    return `${text} was put into ${queue} ${timesInWords(due)}, and confirmed; it was ${settled}, and in the end it was ${left === 0 ? 'not there' : `there ${timesInWords(left)}`}.`
  }
  const since =
    taken === undefined ? 'nobody got it' : `${who(scene.history, taken.row)} got it and did not acknowledge it`
  const was =
    enqueue === undefined
      ? `${text} was in ${queue} at the start`
      : `${text} was put into ${queue} by ${who(scene.history, enqueue.row)}, and confirmed`
  return `${was}; ${since}, and in the end it was not there.`
}
