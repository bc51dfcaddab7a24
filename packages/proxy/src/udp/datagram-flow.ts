import type { DatagramFault, Random } from '@chaosproxy/faults'
import { cutAt, type Placed } from '../delivery/plan.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { Flow, LinkState } from '../link/link-state.ts'
import { carryOut, type Seat } from '../link/rule.ts'
import type { Carrier, RuleList } from '../link/rule-list.ts'
import type { DatagramRule } from './datagram-faults.ts'

/** The memory left for waiting datagrams of a route. */
export interface Allowance {
  freeBytes: number
}

export interface DatagramFlowOptions {
  readonly link: LinkState
  readonly datagrams: RuleList<DatagramRule>
  readonly client: string
  readonly clock: ProxyClock
  readonly allowance: Allowance
  readonly send: (bytes: Buffer) => void
  readonly connection: { abort(): void }
  readonly direction: 'requests' | 'responses'
}

/** A datagram that waits for its time, or until the rules in `waitsFor` are removed. */
interface WaitingDatagram {
  readonly waitsFor: readonly DatagramRule[]
  release(): void
}

/** One direction of one UDP session, under the faults. */
export class DatagramFlow implements Flow, Carrier<DatagramRule> {
  readonly client: string
  readonly acceptedAtMs: number
  readonly connection: { abort(): void }
  readonly direction: 'requests' | 'responses'
  stages: readonly Placed[] = []
  readonly #options: DatagramFlowOptions
  readonly #seat: Seat
  readonly #aside: Set<{ left: number; release(): void }> = new Set()
  readonly #waiting: Set<WaitingDatagram> = new Set()
  #closed = false

  constructor(options: DatagramFlowOptions) {
    this.#options = options
    this.client = options.client
    this.acceptedAtMs = options.clock.nowMs()
    this.connection = options.connection
    this.direction = options.direction
    this.#seat = options.datagrams.join(this)
    options.link.join(this)
  }

  setStages(stages: readonly Placed[]): void {
    this.stages = stages
  }

  /** A cut drops datagrams, so no datagram waits for the end of a cut. */
  stagesChanged(): void {}

  receive(bytes: Buffer): void {
    const { link, datagrams, clock } = this.#options
    link.bytes += bytes.length
    link.chunks++
    const cuts = this.stages.filter(({ stage }) => stage.cut !== undefined)
    if (cutAt(cuts, 0) !== 'none') {
      for (const { hit } of cuts) hit()
      this.#lose(bytes)
      return
    }
    if (datagrams.rules.length === 0) {
      this.#pass(bytes)
      return
    }
    const hitsBefore = datagrams.rules.reduce((sum, { standing }) => sum + standing.hits, 0)
    const nowMs = clock.nowMs()
    const chosen = datagrams.rules.filter(
      (rule) => rule.isForClient?.(this.client) !== false && rule.chooses(this.#seat, nowMs),
    )
    const fate = planDatagram(chosen, bytes, this.#seat)
    link.hits += datagrams.rules.reduce((sum, { standing }) => sum + standing.hits, 0) - hitsBefore
    if (fate.copies === 0) this.#lose(bytes)
    for (let copy = 0; copy < fate.copies; copy++)
      if (fate.waitsFor.length === 0) this.#pass(fate.bytes)
      else this.#wait(fate)
  }

  ruleRemoved(): void {
    const { rules } = this.#options.datagrams
    for (const datagram of [...this.#waiting])
      if (datagram.waitsFor.every((reason) => !rules.includes(reason))) datagram.release()
  }

  close(): void {
    this.#closed = true
    for (const datagram of [...this.#waiting]) datagram.release()
    this.#options.datagrams.leave(this)
    this.#options.link.leave(this)
  }

  #wait({ bytes, delayMs, aside, waitsFor }: ReturnType<typeof planDatagram>): void {
    const { clock, allowance } = this.#options
    if (allowance.freeBytes < bytes.length) {
      this.#lose(bytes)
      return
    }
    allowance.freeBytes -= bytes.length
    const release = () => {
      cancelTimer()
      if (overtaken !== undefined) this.#aside.delete(overtaken)
      this.#waiting.delete(datagram)
      allowance.freeBytes += bytes.length
      if (!this.#closed) this.#pass(bytes)
    }
    const datagram: WaitingDatagram = { waitsFor, release }
    const overtaken = aside === undefined ? undefined : { left: aside.behind, release }
    const cancelTimer = clock.after(delayMs + (aside?.withinMs ?? 0), release)
    this.#waiting.add(datagram)
    if (overtaken !== undefined) this.#aside.add(overtaken)
  }

  #pass(bytes: Buffer): void {
    this.#options.link.deliveredBytes += bytes.length
    this.#options.send(bytes)
    for (const waiting of [...this.#aside]) {
      waiting.left--
      if (waiting.left === 0) waiting.release()
    }
  }

  #lose(bytes: Buffer): void {
    this.#options.link.droppedBytes += bytes.length
  }
}

/** Applies the rules that selected a datagram. Delays add up; of several reorderings, the last applies. */
function planDatagram(chosen: readonly DatagramRule[], bytes: Buffer, seat: Seat): DatagramFate {
  let fate: DatagramFate = { bytes, copies: 1, delayMs: 0, aside: undefined, waitsFor: [] }
  carryOut(chosen, (rule) => {
    fate = applyFault(fate, rule, seat)
    return fate.copies === 0 ? 'ends' : 'acts'
  })
  return fate
}

interface DatagramFate {
  readonly bytes: Buffer
  readonly copies: number
  readonly delayMs: number
  /** The datagram waits until `behind` other datagrams have passed, for at most `withinMs`. */
  readonly aside: { readonly behind: number; readonly withinMs: number } | undefined
  /** The rules that delay the datagram. The delay ends early if all of them are removed. */
  readonly waitsFor: readonly DatagramRule[]
}

type DatagramHarm<Kind extends DatagramFault['kind']> = (
  fate: DatagramFate,
  fault: Extract<DatagramFault, { readonly kind: Kind }>,
  rule: DatagramRule,
  seat: Seat,
) => DatagramFate

/** The most copies of a datagram, however many rules duplicate it. */
const MOST_COPIES = 1000

const harms: { readonly [Kind in DatagramFault['kind']]: DatagramHarm<Kind> } = {
  'drop-datagram': (fate) => ({ ...fate, copies: 0 }),
  'duplicate-datagram': (fate, { copies }) => ({ ...fate, copies: Math.min(MOST_COPIES, fate.copies * (1 + copies)) }),
  'reorder-datagram': (fate, { behind, withinMs }, rule) => ({
    ...fate,
    aside: { behind, withinMs },
    waitsFor: [...fate.waitsFor, rule],
  }),
  'delay-datagram': (fate, fault, rule, seat) => ({
    ...fate,
    delayMs: fate.delayMs + rule.drawDelayMs(fault, seat),
    waitsFor: [...fate.waitsFor, rule],
  }),
  'corrupt-datagram': (fate, { bits }, rule, seat) => ({
    ...fate,
    bytes: flipBits(fate.bytes, bits, rule.randomFor(seat)),
  }),
}

function applyFault(fate: DatagramFate, rule: DatagramRule, seat: Seat): DatagramFate {
  const { fault } = rule
  // The function `harms[fault.kind]` accepts faults of this kind, but the compiler cannot infer that.
  const harm = harms[fault.kind] as DatagramHarm<DatagramFault['kind']>
  return harm(fate, fault, rule, seat)
}

function flipBits(bytes: Buffer, bits: number, random: Random): Buffer {
  const flipped = Buffer.from(bytes)
  for (let i = 0; i < bits && flipped.length > 0; i++) {
    const at = random.integer(flipped.length)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.integer(8))
  }
  return flipped
}
