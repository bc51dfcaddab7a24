import { check, type Report, verdictOf } from '@chaosproxy/checker'
import { describeFault, type Fault, type NodeId, nodeNames } from '@chaosproxy/faults'
import {
  canonical,
  type Event,
  historyFromEvents,
  isClient,
  type Millis,
  millis,
  millisToNanos,
  type Nanos,
} from '@chaosproxy/history'
import type { PlayedStep, PlayedVerdict, Sign, StoryTelling } from '@chaosproxy/report'
import type { Heard, NodeState } from '@chaosproxy/runner/result'
import type { Workload } from '@chaosproxy/workloads'
import { answersIn, type LastAnswer, lastAnswersIn, type RecordedAsking, type Returned } from './answers.ts'
import { goodputDifferences, goodputOf } from './goodput.ts'
import { withMessages } from './messages.ts'
import { withStates } from './step-states.ts'
import type { Answer, Asking, Beat, Ledger, Mishap, Money, Tale, World } from './story.ts'
import { answerWords, callWords, requestWords, valueWords } from './words.ts'

export interface PlayedTale {
  /** Whether the scripted run shows the failure, or shows a system that prevents it. */
  readonly kind: StoryTelling['kind']
  readonly events: readonly Event[]
  /**
   * The leader that the tale names, and the node that was the first leader instead. The scenario was run with the roles
   * of these two nodes exchanged. Undefined if no roles were exchanged.
   */
  readonly exchanged?: readonly [NodeId, NodeId] | undefined
  readonly workload: Workload
  readonly world: World
  /** The messages between nodes that carry clients' values, if they were recorded. */
  readonly heard?: Heard | undefined
  /** The states that nodes reported, if they were recorded. */
  readonly states?: readonly NodeState[] | undefined
  readonly ledger?: Ledger | undefined
  /** Problems of the run, such as faults that could not be injected. */
  readonly trouble: readonly string[]
}

const CHECK_MS = millis(10_000)
const CHECK_MEMORY_BYTES = 2 ** 30

/** Describes what happened when a scripted story was run, and where the run differed from the script. */
export function narrate(tale: Tale, played: PlayedTale, now: () => Millis): StoryTelling {
  const events = eventsByRole(played)
  const askings = answersIn(events, tale)
  const last = lastAnswersIn(events)
  const report = judge(tale, played, now)
  const verdicts = Object.keys(tale.ending.verdicts).map((level) => ({
    level,
    result: verdictOf(report, level).result,
  }))
  const nodes = nodeNames(tale.nodes)
  const steps = stepsOf(tale, played, { askings, last, nodes, events }, now)
  // The page names the promise of the story only if the promise matters in at least one step.
  const promise = steps.some(({ ledger }) => ledger !== undefined) ? played.ledger?.promise : undefined
  return {
    kind: played.kind,
    title: tale.title,
    setting: [
      tale.bug === undefined ? tale.target : `${tale.target} with the bug ${tale.bug}`,
      `${tale.nodes} nodes`,
      played.world,
    ].join(' · '),
    clients: tale.cast,
    nodes,
    ...(promise === undefined ? {} : { promise }),
    steps,
    verdicts,
    ...(tale.load === undefined ? {} : { goodput: goodputOf(tale.load, tale.beats, events) }),
    ending: tale.ending.says,
    differences: [
      ...played.trouble,
      ...tale.beats.flatMap((beat) => (beat.type === 'asking' ? answerDifference(beat, askings, tale.money) : [])),
      ...lastDifferences(tale, last),
      ...verdictDifferences(tale, verdicts),
      ...goodputDifferences(tale, events, played.world),
    ],
  }
}

interface Seen {
  readonly askings: readonly RecordedAsking[]
  readonly last: readonly LastAnswer[]
  readonly nodes: readonly NodeId[]
  readonly events: readonly Event[]
}

function stepsOf(tale: Tale, played: PlayedTale, seen: Seen, now: () => Millis): readonly PlayedStep[] {
  const { askings, last, nodes, events } = seen
  const steps = [
    ...tale.beats.map((beat) => stepOf(beat, askings, tale.money)),
    // After a load, the last reads are left out. They would show only whether the remaining requests were processed.
    ...(tale.load === undefined ? [lastStep(last, tale.money)] : []),
  ]
  const broken = withBreach(steps, breachIn(tale, played, now), askings, tale)
  const heard = withMessages(broken, heardByRole(played), tale)
  // A tale that puts a load on the cluster shows the goodput, and not the states of nodes.
  if (tale.load !== undefined) return heard
  return withStates(heard, { tale, nodes, askings, events, states: statesByRole(played), ledger: played.ledger })
}

interface Breach {
  readonly level: string
  readonly at: Nanos
}

/** Returns the first answer after which the history violates the level that the tale calls violated, if any. */
function breachIn(tale: Tale, played: PlayedTale, now: () => Millis): Breach | undefined {
  const level = Object.entries(tale.ending.verdicts).find(([, result]) => result === 'violated')?.[0]
  if (level === undefined || tale.load !== undefined) return undefined
  const events = eventsByRole(played)
  for (const [i, { type, process, time }] of events.entries()) {
    if (!isClient(process) || type === 'invoke') continue
    const report = judge(tale, { ...played, events: events.slice(0, i + 1), exchanged: undefined }, now)
    if (verdictOf(report, level).result === 'violated') return { level, at: time }
  }
  return undefined
}

/** Adds the broken level to the step whose answer broke it. */
function withBreach(
  steps: readonly PlayedStep[],
  breach: Breach | undefined,
  askings: readonly RecordedAsking[],
  { beats }: Tale,
): readonly PlayedStep[] {
  if (breach === undefined) return steps
  const asking = askings.find(({ returned }) => returned?.at === breach.at)?.asking
  const place = asking === undefined ? steps.length - 1 : beats.indexOf(asking)
  return steps.map((step, i) => (i === place ? { ...step, breaks: breach.level } : step))
}

const partOf =
  ({ exchanged }: PlayedTale) =>
  (node: NodeId): NodeId =>
    node === exchanged?.[0] ? exchanged[1] : node === exchanged?.[1] ? exchanged[0] : node

function heardByRole(played: PlayedTale): Heard | undefined {
  const { heard, exchanged } = played
  if (heard === undefined || exchanged === undefined) return heard
  const roleOf = partOf(played)
  return {
    ...heard,
    messages: heard.messages.map((each) => ({ ...each, from: roleOf(each.from), to: roleOf(each.to) })),
  }
}

const statesByRole = (played: PlayedTale): readonly NodeState[] =>
  (played.states ?? []).map((state) => ({ ...state, node: partOf(played)(state.node) }))

function eventsByRole(played: PlayedTale): readonly Event[] {
  if (played.exchanged === undefined) return played.events
  const roleOf = partOf(played)
  return played.events.map((event) => (event.node === undefined ? event : { ...event, node: roleOf(event.node) }))
}

const judge = ({ ending }: Tale, { events, workload }: PlayedTale, now: () => Millis): Report<string> =>
  check(historyFromEvents(events), {
    model: workload.model,
    initial: workload.initial,
    levels: Object.keys(ending.verdicts),
    explain: false,
    deadlineMs: CHECK_MS,
    memoryBytes: CHECK_MEMORY_BYTES,
    now,
  })

function stepOf(beat: Beat, askings: readonly RecordedAsking[], money: Money | undefined): PlayedStep {
  switch (beat.type) {
    case 'asking':
      return askingStep(beat, askings, money)
    case 'mishap':
      return mishapStep(beat)
    case 'remark':
      return { what: 'remark', text: beat.says, signs: [] }
    default:
      return beat satisfies never
  }
}

function askingStep(asking: Asking, askings: readonly RecordedAsking[], money: Money | undefined): PlayedStep {
  const { who, node, says } = asking
  const found = askings.find((each) => each.asking === asking)
  // A step may be a write in one system and an addition in another, so both are called `changes`.
  const what = `${who} ${asking.input.value === null ? 'asks' : 'changes'} ${asking.input.key ?? ''}`
  if (found === undefined) return { what, text: says, signs: [] }
  const { calledAt, returned } = found
  const call: Sign = { type: 'call', at: calledAt, from: who, to: node, text: callWords(asking.input, money) }
  if (returned === undefined) return { what, text: says, signs: [call] }
  const outcome = ({ ok: 'ok', fail: 'refused', info: 'none' } as const)[returned.type]
  const why = hasReason(asking.answer) && returned.error !== undefined ? `: ${returned.error}` : ''
  const text = answerWords(asking.input, returned, money) + why
  return { what, text: says, signs: [call, { type: 'answer', at: returned.at, from: node, to: who, text, outcome }] }
}

function mishapStep({ fault, says, atMs, untilMs }: Mishap): PlayedStep {
  const [from, to] = [millisToNanos(atMs), millisToNanos(untilMs)]
  const text = faultWords(fault)
  const what = fault.kind
  if ('nodes' in fault) {
    const over = overText(fault)
    return {
      what,
      text: says,
      signs: fault.nodes.flatMap((node): Sign[] => [
        {
          type: 'fault',
          at: from,
          node,
          text: fault.kind === 'kill' ? 'killed' : fault.kind === 'pause' ? 'paused' : text,
        },
        { type: 'healed', at: to, node, text: over },
      ]),
    }
  }
  const between = fault.links.map((link) => [link.from, link.to] as const)
  return {
    what,
    text: says,
    signs: [
      { type: 'cut', at: from, between, text },
      { type: 'restored', at: to, between, text: overText(fault) },
    ],
  }
}

function faultWords(fault: Fault): string {
  const nodes = 'links' in fault ? fault.links.map(({ to }) => to).join(' ') : ''
  if (fault.kind === 'lose-request') return `requests to ${nodes} get lost`
  if (fault.kind === 'lose-reply') return `answers of ${nodes} get lost`
  return describeFault(fault)
}

function overText({ kind }: Fault): string {
  if (kind === 'kill' || kind === 'crash') return 'restarts'
  if (kind === 'pause') return 'resumes'
  if (kind === 'lose-request') return 'requests arrive again'
  if (kind === 'lose-reply') return 'answers arrive again'
  return `${kind} over`
}

function lastStep(last: readonly LastAnswer[], money: Money | undefined): PlayedStep {
  const known = new Map<string, Extract<Sign, { readonly type: 'state' }>>()
  for (const { node, key, at, value } of last) {
    const text = key === '' ? valueWords(value, money) : `${key}: ${valueWords(value, money)}`
    const nodes = known.get(text)?.nodes
    known.set(text, { type: 'state', at, nodes: nodes === undefined ? [node] : [...nodes, node], text })
  }
  const signs = Array.from(known.values(), (sign) => ({ ...sign, nodes: sorted(sign.nodes) }))
  return {
    what: 'end',
    text: last.length === 0 ? 'At the end no node answers.' : 'At the end every node is read once more.',
    signs,
  }
}

const sorted = ([first, ...others]: readonly [string, ...string[]]): readonly [string, ...string[]] => {
  const [least = first, ...greater] = [first, ...others].sort()
  return [least, ...greater]
}

function answerDifference(asking: Asking, askings: readonly RecordedAsking[], money: Money | undefined): string[] {
  const { who, node, input, answer } = asking
  const returned = askings.find((each) => each.asking === asking)?.returned
  const where = `${who} asked ${node} to ${requestWords(input, money)} and`
  const expected = expectedWords(answer, money)
  if (returned === undefined) return [`${where} never got an answer, where the story expects ${expected}`]
  if (isExpected(answer, returned)) return []
  const why = hasReason(answer) ? ` (${returned.error ?? 'no reason given'})` : ''
  return [`${where} got ${answerWords(input, returned, money)}${why}, where the story expects ${expected}`]
}

function isExpected(answer: Answer, returned: Returned): boolean {
  if (answer.type === 'ok') return returned.type === 'ok' && canonical(returned.value) === canonical(answer.value)
  return returned.type === answer.type && (returned.error ?? '').startsWith(answer.because ?? '')
}

const hasReason = (answer: Answer): boolean => answer.type !== 'ok' && answer.because !== undefined

function expectedWords(answer: Answer, money: Money | undefined): string {
  if (answer.type === 'ok') return valueWords(answer.value, money)
  const name = answer.type === 'fail' ? 'a refusal' : 'no answer'
  return answer.because === undefined ? name : `${name} (${answer.because} …)`
}

function lastDifferences({ ending, nodes, money }: Tale, last: readonly LastAnswer[]): string[] {
  return Object.entries(ending.finally).flatMap(([key, value]) => {
    const answers = last.filter((answer) => answer.key === key)
    const others = answers.filter((answer) => canonical(answer.value) !== canonical(value))
    if (others.length === 0 && answers.length === nodes) return []
    const seen = answers.map((answer) => `${answer.node} ${valueWords(answer.value, money)}`).join(', ')
    return [
      `in the end the nodes answer ${seen === '' ? 'nothing' : seen} for ${key}, where the story expects ${valueWords(value, money)}`,
    ]
  })
}

const verdictDifferences = ({ ending }: Tale, verdicts: readonly PlayedVerdict[]): string[] =>
  verdicts.flatMap(({ level, result }) =>
    result === ending.verdicts[level]
      ? []
      : [`${level} is ${result}, where the story expects ${ending.verdicts[level]}`],
  )
