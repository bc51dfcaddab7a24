import { type Event, type Json, membersOf, type Nanos, nanos } from '@chaosproxy/history'
import type { PlayedLedger, PlayedNode, PlayedStep } from '@chaosproxy/report'
import type { NodeState } from '@chaosproxy/runner/result'
import { lastAnswersIn, type RecordedAsking } from './answers.ts'
import type { Beat, Done, Ledger, Money, Tale } from './story.ts'
import { valueWords } from './words.ts'

export interface Afterwards {
  readonly tale: Tale
  readonly nodes: readonly string[]
  readonly askings: readonly RecordedAsking[]
  readonly events: readonly Event[]
  readonly states: readonly NodeState[]
  readonly ledger: Ledger | undefined
}

/**
 * Adds the states of the promise and of the nodes at the end of each step. If a fault heals during the step, the states
 * of the nodes just before the healing are shown, because the nodes may agree with each other afterwards.
 */
export function withStates(steps: readonly PlayedStep[], afterwards: Afterwards): PlayedStep[] {
  const { tale, nodes, ledger } = afterwards
  const displayed = displayedParts(afterwards)
  const done = doneIn(afterwards)
  let before: ReadonlyMap<string, string> | undefined
  let broken = false
  return steps.map((step, i) => {
    const until = nanos((tale.beats[i + 1]?.atMs ?? Number.MAX_SAFE_INTEGER / 1e6) * 1e6)
    const seenAt = healedIn(tale, i, until) ?? until
    const lines = new Map(nodes.map((node) => [node, linesOf(node, seenAt, afterwards, displayed)]))
    const states = nodes.map((node): PlayedNode => {
      const own = lines.get(node) ?? []
      return { node, lines: own, changed: before !== undefined && before.get(node) !== own.join('\n') }
    })
    before = new Map(states.map(({ node, lines: own }) => [node, own.join('\n')]))
    const stands = ledger?.stands(
      done.filter(({ returnedAt }) => returnedAt < until),
      tale.money,
    )
    const entry: PlayedLedger | undefined = stands && { ...stands, breaks: stands.broken && !broken }
    broken ||= stands?.broken === true
    return {
      ...step,
      ...(states.some(({ lines: own }) => own.length > 0) ? { nodes: states } : {}),
      ...(entry === undefined ? {} : { ledger: entry }),
    }
  })
}

function healedIn({ beats }: Tale, step: number, until: Nanos): Nanos | undefined {
  const from = beats[step]?.atMs
  if (from === undefined) return undefined
  const ends = beats.flatMap((beat) => (beat.type === 'mishap' ? [beat.untilMs] : []))
  const within = ends.filter((end) => end > from && end * 1e6 < until)
  return within.length === 0 ? undefined : nanos(Math.min(...within) * 1e6)
}

/** Roles and terms are shown if they differ between nodes or over time. Keys are shown if there are several. */
interface DisplayedParts {
  readonly roles: boolean
  readonly terms: boolean
  readonly keys: boolean
  /** The parts of a value that change, such as the accounts of a bank. */
  readonly parts: readonly string[]
}

function displayedParts({ states }: Afterwards): DisplayedParts {
  const several = (values: readonly (string | number | undefined)[]): boolean => new Set(values).size > 1
  return {
    roles: several(states.map(({ role }) => role)),
    terms: several(states.map(({ term }) => term)),
    keys: several(states.flatMap(({ copies }) => copies.map(({ key }) => key))),
    parts: changingParts(states.flatMap(({ copies }) => copies.map(({ value }) => value))),
  }
}

function changingParts(values: readonly Json[]): readonly string[] {
  const parts = values.flatMap(partsOf)
  const names = [...new Set(parts.map(([name]) => name))]
  return names.filter((name) => new Set(parts.flatMap(([own, part]) => (own === name ? [part] : []))).size > 1)
}

/** Numbers by name. */
const partsOf = (value: Json): readonly (readonly [name: string, part: number])[] =>
  Object.entries(membersOf(value)).flatMap(([name, part]) => (typeof part === 'number' ? [[name, part] as const] : []))

function linesOf(
  node: string,
  until: Nanos,
  { tale, states }: Afterwards,
  displayed: DisplayedParts,
): readonly string[] {
  const trouble = tale.beats.find((beat) => isStopped(beat, node, until))
  if (trouble?.type === 'mishap') return [trouble.fault.kind === 'pause' ? 'paused' : 'down']
  const state = states.findLast((each) => each.node === node && each.at < until)
  if (state === undefined) return []
  const { role, term, alone, copies } = state
  // If there are many keys, only keys with a value are shown.
  const listed = copies.length > MOST_EMPTY ? copies.filter(({ value }) => value !== null) : copies
  const copied = listed.flatMap(({ key, value }) => {
    const changing = partsOf(value).filter(([name]) => displayed.parts.includes(name))
    if (changing.length > 0) return changing.map(([name, part]) => `${name} ${valueWords(part, tale.money)}`)
    // If roles are shown too, the key is named, because the value alone would be unclear.
    return [copyWords(key, value, tale.money, displayed.keys || displayed.roles)]
  })
  const terms = displayed.terms && term !== undefined ? [`term ${term}`] : []
  return [...copied, ...(displayed.roles ? [alone === true ? 'cut off' : role, ...terms] : [])]
}

const MOST_EMPTY = 2

const isStopped = (beat: Beat, node: string, until: Nanos): boolean =>
  beat.type === 'mishap' &&
  (beat.fault.kind === 'kill' || beat.fault.kind === 'crash' || beat.fault.kind === 'pause') &&
  beat.fault.nodes.includes(node) &&
  beat.atMs * 1e6 < until &&
  beat.untilMs * 1e6 >= until

const copyWords = (key: string | undefined, value: Json, money: Money | undefined, several: boolean): string =>
  several && key !== undefined ? `${key}: ${valueWords(value, money)}` : valueWords(value, money)

/** Returns the operations that succeeded, in the order of their answers. */
function doneIn({ askings, events }: Afterwards): readonly Done[] {
  const ofCast = askings.flatMap(({ asking: { who, input }, calledAt, returned }): Done[] =>
    returned?.type === 'ok' ? [{ who, calledAt, returnedAt: returned.at, input, value: returned.value }] : [],
  )
  const last = lastAnswersIn(events).map(
    ({ node, key, at, value }): Done => ({
      who: `a read at ${node}`,
      calledAt: at,
      returnedAt: at,
      input: { f: 'read', ...(key === '' ? {} : { key }), value: null },
      value,
    }),
  )
  return [...ofCast, ...last].sort((one, other) => one.returnedAt - other.returnedAt)
}
