import { describeFault, type Fault, faultName, type NodeId } from '@chaosproxy/faults'
import { type History, type Nanos, nanos, plural } from '@chaosproxy/history'
import {
  answerText,
  callTimeOf,
  clientOf,
  hasReturned,
  nodeOf,
  outcomeName,
  requestText,
  returnTimeOf,
} from '../operation-words.ts'
import type { SequenceStep } from './sequence-diagram.ts'

/** A run to draw. All times count from one start. */
interface SequenceInput {
  readonly history: History
  readonly operations: readonly number[]
  readonly culprit: number | undefined
  readonly faults: readonly { readonly fault: Fault; readonly from: Nanos; readonly to: Nanos }[]
  readonly log: readonly { readonly at: Nanos; readonly node: NodeId; readonly text: string }[]
  readonly broken?: { readonly at: Nanos; readonly node: NodeId; readonly text: string } | undefined
}

const CLIENTS = 'clients'
const FAULTS = 'faults'

/** Maximum number of log lines, because the diagram must fit a screen. */
const MOST_LOG_LINES = 16

export const sequenceColumns = (nodes: readonly NodeId[]): string[] => [FAULTS, CLIENTS, ...nodes]

/** Returns the relevant steps, in order of time. */
export function sequenceSteps(input: SequenceInput): SequenceStep[] {
  const shown = input.operations.flatMap((operation) => operationSteps(input, operation))
  const wrong: SequenceStep[] =
    input.broken === undefined
      ? []
      : [{ at: input.broken.at, where: input.broken.node, text: input.broken.text, tone: 'wrong' }]
  const faults = input.faults.flatMap(faultSteps)
  const last = Math.max(0, ...[...shown, ...wrong].map(({ at }) => at))
  const notes = input.log
    .filter(({ at, text }) => at >= 0 && at <= last && text.trim() !== '')
    .map(({ at, node, text }): SequenceStep => ({ at, where: node, text, tone: 'note' }))
  return [...faults.filter(({ at }) => at <= last), ...latest(notes), ...shown, ...wrong].sort(
    (one, other) => one.at - other.at,
  )
}

/** Returns the last notes without repetitions. A first note says how many are left out. */
function latest(notes: readonly SequenceStep[]): readonly SequenceStep[] {
  const nameOf = ({ where, text }: SequenceStep): string => `${where} ${text}`
  const [first, last] = [new Map<string, number>(), new Map<string, number>()]
  for (const [i, note] of notes.entries()) {
    const name = nameOf(note)
    if (!first.has(name)) first.set(name, i)
    last.set(name, i)
  }
  // If a note is repeated, keeps only its first and its last occurrence.
  const ends = notes.filter((note, i) => first.get(nameOf(note)) === i || last.get(nameOf(note)) === i)
  const kept = ends.slice(-MOST_LOG_LINES)
  const [oldest] = kept
  if (oldest === undefined || kept.length === notes.length) return notes
  const left = plural(notes.length - kept.length, 'line')
  return [{ at: oldest.at, where: oldest.where, text: `(${left} of logs left out)`, tone: 'note' }, ...kept]
}

function operationSteps({ history, culprit }: SequenceInput, operation: number): SequenceStep[] {
  const who = clientOf(history, operation)
  const node = nodeOf(history, operation)
  const request = requestText(history, operation, { withKey: true })
  const call: SequenceStep = {
    at: nanos(callTimeOf(history, operation)),
    where: CLIENTS,
    text: `${who} ${request}${node === undefined ? '' : ` → ${node}`}`,
    tone: 'call',
  }
  if (!hasReturned(history, operation)) return [call]
  const outcome = outcomeName(history, operation)
  const tone = operation === culprit ? 'wrong' : outcome === 'ok' ? 'return' : 'note'
  const answer = `${who} ${outcome === 'ok' ? '' : `${outcome}: `}${answerText(history, operation)}`
  return [call, { at: nanos(returnTimeOf(history, operation)), where: CLIENTS, text: answer, tone }]
}

function faultSteps({ fault, from, to }: SequenceInput['faults'][number]): SequenceStep[] {
  if (fault.kind === 'kill' || fault.kind === 'pause') {
    const [begin, end] = fault.kind === 'kill' ? ['killed', 'restarts'] : ['paused', 'resumes']
    return fault.nodes.flatMap((node): SequenceStep[] => [
      { at: from, where: node, text: begin, tone: 'fault' },
      { at: to, where: node, text: end, tone: 'heal' },
    ])
  }
  const begins: SequenceStep = { at: from, where: FAULTS, text: describeFault(fault), tone: 'fault' }
  return fault.kind === 'reset'
    ? [begins]
    : [begins, { at: to, where: FAULTS, text: `${faultName(fault)} over`, tone: 'heal' }]
}
