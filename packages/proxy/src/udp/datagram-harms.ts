import type { DatagramFault, Random } from '@chaosproxy/faults'
import type { DatagramRule } from './datagram-rule.ts'

export interface DatagramFate {
  readonly bytes: Buffer
  /** 0 if it is lost. */
  readonly copies: number
  readonly delayMs: number
  /** The wait until `behind` others of its direction and session have passed, or for `withinMs`. */
  readonly aside: { readonly behind: number; readonly withinMs: number } | undefined
  /** The rules that make it wait. It waits until all of them are removed. */
  readonly waitsFor: readonly DatagramRule[]
}

type DatagramHarm<Kind extends DatagramFault['kind']> = (
  fate: DatagramFate,
  fault: Extract<DatagramFault, { readonly kind: Kind }>,
  rule: DatagramRule,
) => DatagramFate

/** No datagram is duplicated into more than this, however many rules do it. */
const MOST_COPIES = 1000

/** Every kind of datagram fault, and its effect. */
const harms: { readonly [Kind in DatagramFault['kind']]: DatagramHarm<Kind> } = {
  'drop-datagram': (fate) => ({ ...fate, copies: 0 }),
  'duplicate-datagram': (fate, { copies }) => ({ ...fate, copies: Math.min(MOST_COPIES, fate.copies * (1 + copies)) }),
  'reorder-datagram': (fate, { behind, withinMs }, rule) => ({
    ...fate,
    aside: { behind, withinMs },
    waitsFor: [...fate.waitsFor, rule],
  }),
  'delay-datagram'(fate, { delayMs, jitterMs }, rule) {
    const spreadMs = jitterMs === 0 ? 0 : jitterMs * (2 * rule.random.next() - 1)
    return { ...fate, delayMs: fate.delayMs + Math.max(0, delayMs + spreadMs), waitsFor: [...fate.waitsFor, rule] }
  },
  'corrupt-datagram': (fate, { bits }, { random }) => ({ ...fate, bytes: flipBits(fate.bytes, bits, random) }),
}

export function suffer(fate: DatagramFate, rule: DatagramRule): DatagramFate {
  const { fault } = rule.standing
  // The table pairs each kind with its own effect, which the compiler cannot follow through the lookup.
  const harm = harms[fault.kind] as (fate: DatagramFate, fault: DatagramFault, rule: DatagramRule) => DatagramFate
  return harm(fate, fault, rule)
}

function flipBits(bytes: Buffer, bits: number, random: Random): Buffer {
  const flipped = Buffer.from(bytes)
  for (let i = 0; i < bits && flipped.length > 0; i++) {
    const at = random.integer(flipped.length)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.integer(8))
  }
  return flipped
}
