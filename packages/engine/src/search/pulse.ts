import type { NodeId } from '@chaosproxy/faults'
import { type AnyMachine, describeEvent, type ProtocolDefinition } from '@chaosproxy/protocols'

// A step that never returns blocks its whole thread, which then cannot report it. Each thread therefore keeps its progress
// in memory that the main thread can read.

/** Memory shared between the main thread and the one that works on a task. */
export type Pulse = Float64Array<SharedArrayBuffer>

const SEED = 0
const STEPS = 1
/** 0 outside the protocol's own code; otherwise a position in `withins`, counted from 1. */
const WITHIN = 2
/** The step to describe; 0 for none. */
const WANTED = 3
const TEXT_LENGTH = 4
const TEXT = 5
const LONGEST_TEXT = 1_000

export const createPulse = (wanted = 0): Pulse => {
  const pulse = new Float64Array(new SharedArrayBuffer((TEXT + LONGEST_TEXT) * Float64Array.BYTES_PER_ELEMENT))
  pulse[WANTED] = wanted
  return pulse
}

/** The progress of a thread. */
export interface PulseReading {
  readonly seed: number
  /** Steps of all machines since the seed was started. */
  readonly steps: number
  /** Which of the protocol's functions is running; undefined in the simulator or the checker. */
  readonly within: Within | undefined
}

const withins = ['step', '"status"', '"create"', 'invariants'] as const
export type Within = (typeof withins)[number]

export const readPulse = (pulse: Pulse): PulseReading => ({
  seed: pulse[SEED] ?? 0,
  steps: pulse[STEPS] ?? 0,
  within: withins[(pulse[WITHIN] ?? 0) - 1],
})

/** The description of the wanted step, once it has started. */
export const readDescription = (pulse: Pulse): string =>
  String.fromCharCode(...pulse.subarray(TEXT, TEXT + (pulse[TEXT_LENGTH] ?? 0)))

/** Raised by the main thread to make another stop. */
export type Flag = Uint8Array<SharedArrayBuffer>
export const createFlag = (): Flag => new Uint8Array(new SharedArrayBuffer(1))
export const raise = (flag: Flag): void => {
  flag[0] = 1
}
export const isRaised = (flag: Flag): boolean => flag[0] === 1

export function beginSeed(pulse: Pulse, seed: number): void {
  pulse[SEED] = seed
  pulse[STEPS] = 0
}

/** Wraps the protocol so that it reports its progress. */
export function withPulse(protocol: ProtocolDefinition, pulse: Pulse): ProtocolDefinition {
  const { invariants } = protocol
  return {
    ...protocol,
    create: (options) =>
      machineWithPulse(
        within('"create"', pulse, () => protocol.create(options)),
        pulse,
      ),
    invariants: invariants?.map((invariant) => ({
      ...invariant,
      watch() {
        const watch = invariant.watch()
        return (node) => {
          const watchNode = watch(node)
          return (state, event, durable) => within('invariants', pulse, () => watchNode(state, event, durable))
        }
      },
    })),
  }
}

/** Restores the previous value on return, since these functions may call one another. */
function within<T>(where: Within, pulse: Pulse, run: () => T): T {
  const before = pulse[WITHIN] ?? 0
  pulse[WITHIN] = withins.indexOf(where) + 1
  try {
    return run()
  } finally {
    pulse[WITHIN] = before
  }
}

function machineWithPulse(machine: AnyMachine, pulse: Pulse): AnyMachine {
  function stepping<T>(node: NodeId | undefined, event: unknown, run: () => T): T {
    const step = (pulse[STEPS] ?? 0) + 1
    pulse[STEPS] = step
    if (step === pulse[WANTED]) describe(`${node === undefined ? 'a node' : node} on ${describeEvent(event)}`, pulse)
    return within('step', pulse, run)
  }
  return {
    start: (node, journal, now) => stepping(node.id, undefined, () => machine.start(node, journal, now)),
    step: (state, event, now, steady) => stepping(undefined, event, () => machine.step(state, event, now, steady)),
    status: (state) => within('"status"', pulse, () => machine.status(state)),
  }
}

function describe(text: string, pulse: Pulse): void {
  const length = Math.min(text.length, LONGEST_TEXT)
  for (let i = 0; i < length; i++) pulse[TEXT + i] = text.charCodeAt(i)
  pulse[TEXT_LENGTH] = length
}
