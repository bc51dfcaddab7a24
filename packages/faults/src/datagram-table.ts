import type { DatagramHarm, DatagramTrigger } from './datagram-fault.ts'
import type { FaultParameter, HarmDescription } from './harm-table.ts'

/** Every fault of a single datagram: the one place where its parameters and their units are named. */
export const datagramHarms: { readonly [kind in DatagramHarm['kind']]: HarmDescription } = {
  'drop-datagram': { summary: 'the datagram is lost', parameters: [] },
  'duplicate-datagram': {
    summary: 'the datagram comes several times',
    parameters: [
      { name: 'copies', unit: 'count', summary: 'how many come on top of it', default: 1, least: 1, most: 100 },
    ],
  },
  'reorder-datagram': {
    summary: 'others overtake the datagram',
    parameters: [
      { name: 'behind', unit: 'count', summary: 'others that pass first', default: 1, least: 1 },
      { name: 'withinMs', unit: 'ms', summary: 'how long it waits for them at most', default: 1000, most: 3_600_000 },
    ],
  },
  'delay-datagram': {
    summary: 'the datagram comes later; others may overtake it',
    parameters: [
      { name: 'delayMs', unit: 'ms', summary: 'how much later' },
      { name: 'jitterMs', unit: 'ms', summary: 'how far delays spread, evenly to both sides', default: 0 },
    ],
  },
  'corrupt-datagram': {
    summary: 'bits of the datagram are flipped',
    parameters: [{ name: 'bits', unit: 'count', summary: 'how many', default: 1, least: 1, most: 64 }],
  },
}

/** What narrows a fault to some datagrams. */
export const datagramTriggerParameters: readonly (FaultParameter & { readonly name: keyof DatagramTrigger })[] = [
  { name: 'probability', unit: 'probability', summary: 'of each datagram to be hit', optional: true },
  { name: 'nth', unit: 'count', summary: 'only this datagram of a link, counted from 1', optional: true, least: 1 },
  { name: 'first', unit: 'count', summary: 'only so many datagrams of a link', optional: true, least: 1 },
  { name: 'every', unit: 'count', summary: 'only each so-manyth datagram of a link', optional: true, least: 1 },
  { name: 'fromMs', unit: 'ms', summary: 'only from so long after it was applied', optional: true },
  { name: 'untilMs', unit: 'ms', summary: 'only until so long after it was applied', optional: true },
  { name: 'client', unit: 'text', summary: 'only clients of this address or network (10.0.0.0/8)', optional: true },
]
