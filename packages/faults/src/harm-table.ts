import { geographies } from './geography.ts'
import type { LinkHarm, LinkTrigger } from './link-fault.ts'

/** What a parameter is a number of; `text`, `flag` and `json` (any value) are no numbers. */
export type ParameterUnit = 'ms' | 'bytes' | 'bytes/s' | 'probability' | 'count' | 'text' | 'flag' | 'json'

/** One parameter of a fault, as help, errors and interfaces name it. */
export interface FaultParameter {
  readonly name: string
  readonly unit: ParameterUnit
  readonly summary: string
  /** Where it is absent, the parameter must be given, unless it is optional. */
  readonly default?: number | string | boolean | undefined
  readonly optional?: true | undefined
  /** The least number allowed; 0 by default. */
  readonly least?: number | undefined
  readonly most?: number | undefined
  /** For a text: all there are. */
  readonly values?: readonly string[] | undefined
}

export interface HarmDescription {
  readonly summary: string
  readonly parameters: readonly FaultParameter[]
}

const latencyMs: FaultParameter = { name: 'latencyMs', unit: 'ms', summary: 'how late bytes arrive, in the middle' }
const delayMs: FaultParameter = { name: 'delayMs', unit: 'ms', summary: 'how much later' }
const afterMs: FaultParameter = { name: 'afterMs', unit: 'ms', summary: 'how long it takes', default: 0 }

/** Every fault of a TCP link: the one place where its parameters and their units are named. */
export const linkHarms: { readonly [kind in LinkHarm['kind']]: HarmDescription } = {
  partition: {
    summary: 'nothing passes until it is removed',
    parameters: [
      {
        name: 'mode',
        unit: 'text',
        summary: 'hold: bytes are kept and go on at heal; drop: they are lost, and the connection is reset at heal',
        default: 'hold',
        values: ['hold', 'drop'],
      },
    ],
  },
  blackhole: { summary: 'all bytes are lost, and the connection is reset at heal', parameters: [] },
  latency: {
    summary: 'bytes arrive later, in order',
    parameters: [
      latencyMs,
      {
        name: 'geography',
        unit: 'text',
        summary: 'instead of latencyMs: half the usual round trip, roughly, between two places, in each direction',
        optional: true,
        values: geographies.map(({ name }) => name),
      },
      { name: 'jitterMs', unit: 'ms', summary: 'how far latencies spread', default: 0 },
      {
        name: 'distribution',
        unit: 'text',
        summary: 'uniform: by the jitter to both sides; normal: it is the deviation; pareto: the scale of a long tail',
        default: 'uniform',
        values: ['uniform', 'normal', 'pareto'],
      },
    ],
  },
  bandwidth: {
    summary: 'bytes pass at most this fast; at 0 none do',
    parameters: [
      { name: 'bytesPerSecond', unit: 'bytes/s', summary: 'the rate' },
      { name: 'shared', unit: 'flag', summary: 'one rate for all connections of the link together', default: false },
    ],
  },
  reset: { summary: 'every live connection is reset, once', parameters: [] },
  'reset-peer': {
    summary: 'a connection is reset after its first bytes came, and they are lost',
    parameters: [afterMs],
  },
  timeout: {
    summary: 'bytes are lost, and the connection ends once none came for so long (0: at heal)',
    parameters: [afterMs],
  },
  'half-open': { summary: 'the end of a direction is not passed on', parameters: [] },
  'slow-close': { summary: 'the end of a direction is passed on later', parameters: [delayMs] },
  'slow-connect': { summary: 'the server is dialled later', parameters: [delayMs] },
  refuse: { summary: 'new connections are reset at once', parameters: [] },
  slice: {
    summary: 'bytes arrive in small pieces',
    parameters: [
      { name: 'averageBytes', unit: 'bytes', summary: 'size of a piece', least: 1 },
      { name: 'variationBytes', unit: 'bytes', summary: 'by how much sizes differ', default: 0 },
      { name: 'pauseMs', unit: 'ms', summary: 'pause after each piece', default: 0 },
    ],
  },
  'limit-bytes': {
    summary: 'the connection ends in good order after so many bytes',
    parameters: [{ name: 'bytes', unit: 'bytes', summary: 'how many pass' }],
  },
  'limit-time': {
    summary: 'the connection ends in good order at this age',
    parameters: [{ name: 'afterMs', unit: 'ms', summary: 'the age' }],
  },
  corrupt: {
    summary: 'one bit of a byte is flipped',
    parameters: [{ name: 'probability', unit: 'probability', summary: 'of each byte to be hit' }],
  },
}

/** What narrows a fault to some connections, bytes and times. */
export const triggerParameters: readonly (FaultParameter & { readonly name: keyof LinkTrigger })[] = [
  { name: 'probability', unit: 'probability', summary: 'of each connection to be hit at all', optional: true },
  { name: 'nth', unit: 'count', summary: 'only this connection, counted from 1', optional: true, least: 1 },
  { name: 'first', unit: 'count', summary: 'only so many connections', optional: true, least: 1 },
  { name: 'every', unit: 'count', summary: 'only each so-manyth connection', optional: true, least: 1 },
  { name: 'afterBytes', unit: 'bytes', summary: 'only after so many bytes of the connection', optional: true },
  { name: 'fromMs', unit: 'ms', summary: 'only from so long after it was applied', optional: true },
  { name: 'untilMs', unit: 'ms', summary: 'only until so long after it was applied', optional: true },
  { name: 'client', unit: 'text', summary: 'only clients of this address or network (10.0.0.0/8)', optional: true },
]
