import type { TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { ControlError } from '../state/errors.ts'
import { integerMember, type Members } from './go-json.ts'

export type ToxicAttributes = { readonly [name: string]: number }

export interface ToxicType {
  readonly name: string
  /** The attributes with their units. A missing attribute is 0. */
  readonly attributes: { readonly [name: string]: 'ms' | 'µs' | 'B' | 'KB/s' }
  /** The smallest allowed values of attributes. For an attribute without a value here, the minimum is 0. */
  readonly least?: ToxicAttributes
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
    attributes: { latency: 'ms', jitter: 'ms' },
    harm: ({ latency = 0, jitter = 0 }) => ({
      kind: 'latency',
      latencyMs: millis(latency),
      jitterMs: millis(jitter),
      distribution: 'uniform',
    }),
  },
  {
    name: 'bandwidth',
    attributes: { rate: 'KB/s' },
    harm: ({ rate = 0 }) => ({ kind: 'bandwidth', bytesPerSecond: rate * BYTES_PER_KB, shared: false }),
  },
  {
    name: 'slow_close',
    attributes: { delay: 'ms' },
    harm: ({ delay = 0 }) => ({ kind: 'slow-close', delayMs: millis(delay) }),
  },
  {
    name: 'timeout',
    attributes: { timeout: 'ms' },
    harm: ({ timeout = 0 }) => ({ kind: 'timeout', afterMs: millis(timeout) }),
  },
  {
    name: 'reset_peer',
    attributes: { timeout: 'ms' },
    harm: ({ timeout = 0 }) => ({ kind: 'reset-peer', afterMs: millis(timeout) }),
  },
  {
    name: 'slicer',
    least: { average_size: 1 },
    attributes: { average_size: 'B', size_variation: 'B', delay: 'µs' },
    harm: ({ average_size = 1, size_variation = 0, delay = 0 }) => ({
      kind: 'slice',
      averageBytes: average_size,
      variationBytes: size_variation,
      pauseMs: millis(delay / MICROSECONDS_PER_MS),
    }),
  },
  {
    name: 'limit_data',
    attributes: { bytes: 'B' },
    harm: ({ bytes = 0 }) => ({ kind: 'limit-bytes', bytes }),
  },
  { name: 'noop', attributes: {}, harm: () => undefined },
]

export const findToxicType = (name: string): ToxicType | undefined => toxicTypes.find((type) => type.name === name)

/**
 * Returns `before` with the given attributes changed.
 *
 * @throws ControlError (400) for an attribute that is not whole or out of range. Toxiproxy itself crashes on some of
 * these values.
 */
export function mergeAttributes(type: ToxicType, before: ToxicAttributes, given: Members): ToxicAttributes {
  const merged = Object.entries(type.attributes).map(([name, unit]): readonly [string, number] => {
    const least = type.least?.[name] ?? 0
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
