import type { NodeId } from '@chaos/faults'
import type { AnyStoreMachine, ProtocolDefinition } from '@chaos/protocols'
import { describeEvent } from '@chaos/simulator'

// A step that never returns stops its whole thread, so that nobody there can tell. What it is at is therefore kept in
// memory that the main thread can look at.

/** Shared between the main thread and the one that works on a task. */
export type Pulse = Float64Array<SharedArrayBuffer>

const SEED = 0
const STEPS = 1
const STEPPING = 2
/** The step to be described; 0 for none. */
const WANTED = 3
const TEXT_LENGTH = 4
const TEXT = 5
const LONGEST_TEXT = 1_000

export const createPulse = (wanted = 0): Pulse => {
  const pulse = new Float64Array(new SharedArrayBuffer((TEXT + LONGEST_TEXT) * Float64Array.BYTES_PER_ELEMENT))
  pulse[WANTED] = wanted
  return pulse
}

/** What a thread is at. */
export interface PulseReading {
  readonly seed: number
  /** Steps of all machines since the seed was begun. */
  readonly steps: number
  /** Whether it is within a step of the protocol, not in the simulator or the checker. */
  readonly stepping: boolean
}

export const readPulse = (pulse: Pulse): PulseReading => ({
  seed: pulse[SEED] ?? 0,
  steps: pulse[STEPS] ?? 0,
  stepping: pulse[STEPPING] === 1,
})

/** Of the wanted step, once it was begun. */
export const readDescription = (pulse: Pulse): string =>
  String.fromCharCode(...pulse.subarray(TEXT, TEXT + (pulse[TEXT_LENGTH] ?? 0)))

export function beginSeed(pulse: Pulse, seed: number): void {
  pulse[SEED] = seed
  pulse[STEPS] = 0
}

/** The protocol, telling what it is at. */
export const withPulse = (protocol: ProtocolDefinition, pulse: Pulse): ProtocolDefinition => ({
  ...protocol,
  create: (options) => machineWithPulse(protocol.create(options), pulse),
})

function machineWithPulse(machine: AnyStoreMachine, pulse: Pulse): AnyStoreMachine {
  function stepping<T>(node: NodeId | undefined, event: unknown, run: () => T): T {
    const step = (pulse[STEPS] ?? 0) + 1
    pulse[STEPS] = step
    if (step === pulse[WANTED]) describe(`${node === undefined ? 'a node' : node} on ${describeEvent(event)}`, pulse)
    pulse[STEPPING] = 1
    try {
      return run()
    } finally {
      pulse[STEPPING] = 0
    }
  }
  return {
    start: (node, journal, now) => stepping(node.id, undefined, () => machine.start(node, journal, now)),
    step: (state, event, now) => stepping(undefined, event, () => machine.step(state, event, now)),
    status: (state) => machine.status(state),
  }
}

function describe(text: string, pulse: Pulse): void {
  const length = Math.min(text.length, LONGEST_TEXT)
  for (let i = 0; i < length; i++) pulse[TEXT + i] = text.charCodeAt(i)
  pulse[TEXT_LENGTH] = length
}
