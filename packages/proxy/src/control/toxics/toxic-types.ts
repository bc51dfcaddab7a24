import type { TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { ControlError } from '../state/errors.ts'
import { integerMember, type Members } from './go-json.ts'

interface ToxicAttribute {
  readonly name: string
  readonly unit: 'ms' | 'µs' | 'B' | 'KB/s'
  /** The smallest allowed value, by default 0. A missing attribute is 0. */
  readonly least?: number | undefined
}

export type ToxicAttributes = { readonly [name: string]: number }

export interface ToxicType {
  readonly name: string
  readonly attributes: readonly ToxicAttribute[]
  /**
   * Returns the fault for the toxic; undefined if the toxic has no effect. Must be a pure function. The attributes that
   * it gets are within their ranges.
   */
  harm(attributes: ToxicAttributes): TcpHarm | undefined
}

const BYTES_PER_KB = 1000
const MICROSECONDS_PER_MS = 1000

/** Toxiproxy's toxics under Toxiproxy's names, and the link faults that implement them. */
const toxicTypes: readonly ToxicType[] = [
  {
    name: 'latency',
    attributes: [
      { name: 'latency', unit: 'ms' },
      { name: 'jitter', unit: 'ms' },
    ],
    harm: ({ latency = 0, jitter = 0 }) => ({
      kind: 'latency',
      latencyMs: millis(latency),
      jitterMs: millis(jitter),
      distribution: 'uniform',
    }),
  },
  {
    name: 'bandwidth',
    attributes: [{ name: 'rate', unit: 'KB/s' }],
    harm: ({ rate = 0 }) => ({ kind: 'bandwidth', bytesPerSecond: rate * BYTES_PER_KB, shared: false }),
  },
  {
    name: 'slow_close',
    attributes: [{ name: 'delay', unit: 'ms' }],
    harm: ({ delay = 0 }) => ({ kind: 'slow-close', delayMs: millis(delay) }),
  },
  {
    name: 'timeout',
    attributes: [{ name: 'timeout', unit: 'ms' }],
    harm: ({ timeout = 0 }) => ({ kind: 'timeout', afterMs: millis(timeout) }),
  },
  {
    name: 'reset_peer',
    attributes: [{ name: 'timeout', unit: 'ms' }],
    harm: ({ timeout = 0 }) => ({ kind: 'reset-peer', afterMs: millis(timeout) }),
  },
  {
    name: 'slicer',
    attributes: [
      { name: 'average_size', unit: 'B', least: 1 },
      { name: 'size_variation', unit: 'B' },
      { name: 'delay', unit: 'µs' },
    ],
    harm: ({ average_size = 1, size_variation = 0, delay = 0 }) => ({
      kind: 'slice',
      averageBytes: average_size,
      variationBytes: size_variation,
      pauseMs: millis(delay / MICROSECONDS_PER_MS),
    }),
  },
  {
    name: 'limit_data',
    attributes: [{ name: 'bytes', unit: 'B' }],
    harm: ({ bytes = 0 }) => ({ kind: 'limit-bytes', bytes }),
  },
  { name: 'noop', attributes: [], harm: () => undefined },
]

export const findToxicType = (name: string): ToxicType | undefined => toxicTypes.find((type) => type.name === name)

/**
 * Returns `before` with the given attributes changed.
 *
 * @throws ControlError (400) for an attribute that is not whole or out of range. Toxiproxy itself crashes on some of
 * these values.
 */
export function mergeAttributes(type: ToxicType, before: ToxicAttributes, given: Members): ToxicAttributes {
  const merged = type.attributes.map(({ name, unit, least = 0 }): readonly [string, number] => {
    const value = integerMember(given, { struct: `attributes of ${type.name}`, name }) ?? before[name] ?? 0
    if (value < least)
      throw new ControlError(
        400,
        `invalid attribute: ${type.name} needs ${name} (${unit}) of at least ${least}, not ${value}`,
      )
    return [name, value]
  })
  return Object.fromEntries(merged)
}
