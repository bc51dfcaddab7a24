import { millis, UserError } from '@chaos/history'
import type { Fault, FaultKind, Link, NodeEffect, NodeId } from './fault.ts'
import type { FaultParameter } from './harm-table.ts'
import { parseLinks } from './parse-link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

const LONGEST_JUMP_MS = 24 * 3_600_000
/** At half or twice its speed a clock is no clock any more. */
const GREATEST_DRIFT_PPM = 500_000

/** What each kind of fault says beside its links or nodes. */
const probability = (summary: string): FaultParameter => ({ name: 'probability', unit: 'probability', summary })

const parameters: { readonly [kind in FaultKind]: readonly FaultParameter[] } = {
  partition: [
    {
      name: 'mode',
      unit: 'text',
      summary: 'whether bytes wait or are lost',
      values: ['hold', 'drop'],
      default: 'hold',
    },
  ],
  latency: [
    { name: 'latencyMs', unit: 'ms', summary: 'how late messages arrive, in the middle' },
    { name: 'jitterMs', unit: 'ms', summary: 'how far latencies spread', default: 0 },
  ],
  bandwidth: [{ name: 'bytesPerSecond', unit: 'bytes/s', summary: 'the rate' }],
  loss: [probability('of each message to be lost')],
  duplicate: [probability('of each message to come twice')],
  reorder: [
    probability('of each message to be overtaken'),
    { name: 'withinMs', unit: 'ms', summary: 'how much later it comes at most' },
  ],
  corrupt: [probability('of each message to be damaged')],
  reset: [],
  kill: [],
  crash: [
    { name: 'before', unit: 'text', summary: 'what it dies before', values: ['persist', 'send', 'reply'] },
    { name: 'nth', unit: 'count', summary: 'of these, counted from 1', least: 1, default: 1 },
  ],
  pause: [],
  clock: [
    {
      name: 'offsetMs',
      unit: 'ms',
      summary: 'how far it jumps',
      least: -LONGEST_JUMP_MS,
      most: LONGEST_JUMP_MS,
      default: 0,
    },
    {
      name: 'driftPpm',
      unit: 'count',
      summary: 'how much too fast it runs, in parts of a million',
      least: -GREATEST_DRIFT_PPM,
      most: GREATEST_DRIFT_PPM,
      default: 0,
    },
  ],
}

const isKind = (kind: string): kind is FaultKind => Object.hasOwn(parameters, kind)

/**
 * Reads a concrete fault from outside: `{"kind":"kill","nodes":["n1"]}`, `{"kind":"partition","links":["n1>n2"]}`.
 *
 * @param where begins every message: the file, and the place in it.
 * @param beside members that stand beside those of the fault.
 * @throws UserError (input)
 */
export function parseFault(value: unknown, where: string, beside: readonly string[] = []): Fault {
  const members = readObject(value, where)
  const kind = members['kind']
  if (typeof kind !== 'string' || !isKind(kind))
    throw new UserError(
      'input',
      `${where}: ${kind === undefined ? '"kind" is missing' : `there is no fault ${quote(kind)}`}. Known: ${Object.keys(parameters).join(', ')}.`,
    )
  const place = `${where}: ${kind}`
  const targets = isOnNodes(kind) ? 'nodes' : 'links'
  const given = readParameters(parameters[kind], members, place, ['kind', targets, ...beside])
  if (isOnNodes(kind)) return nodeFault(kind, parseNodes(members['nodes'], place), given)
  return linkFault(kind, parseLinks(members['links'], place), given)
}

type Given = ReturnType<typeof readParameters>
type OnNodes = Extract<Fault, { readonly nodes: unknown }>['kind']

const nodeKinds: { readonly [kind in OnNodes]: true } = { kill: true, crash: true, pause: true, clock: true }

const isOnNodes = (kind: FaultKind): kind is OnNodes => Object.hasOwn(nodeKinds, kind)

function nodeFault(kind: OnNodes, nodes: readonly NodeId[], given: Given): Fault {
  switch (kind) {
    case 'kill':
    case 'pause':
      return { kind, nodes }
    case 'crash':
      return { kind, nodes, before: effectOf(given['before']), nth: Number(given['nth']) }
    case 'clock':
      return { kind, nodes, offsetMs: millis(Number(given['offsetMs'])), driftPpm: Number(given['driftPpm']) }
    default:
      return kind satisfies never
  }
}

const effectOf = (text: Given[string]): NodeEffect => (text === 'send' || text === 'reply' ? text : 'persist')

function linkFault(kind: Exclude<FaultKind, OnNodes>, links: readonly Link[], given: Given): Fault {
  switch (kind) {
    case 'partition':
      return { kind, links, mode: given['mode'] === 'drop' ? 'drop' : 'hold' }
    case 'latency':
      return { kind, links, latencyMs: millis(Number(given['latencyMs'])), jitterMs: millis(Number(given['jitterMs'])) }
    case 'bandwidth':
      return { kind, links, bytesPerSecond: Number(given['bytesPerSecond']) }
    case 'loss':
    case 'duplicate':
    case 'corrupt':
      return { kind, links, probability: Number(given['probability']) }
    case 'reorder':
      return {
        kind,
        links,
        probability: Number(given['probability']),
        withinMs: millis(Number(given['withinMs'])),
      }
    case 'reset':
      return { kind, links }
    default:
      return kind satisfies never
  }
}

function parseNodes(value: unknown, where: string): string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((node) => typeof node === 'string' && node !== ''))
    return value
  throw new UserError('input', `${where}: "nodes" must be a list of nodes, such as ["n1"].`)
}
