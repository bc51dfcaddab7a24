import { millis, UserError } from '@chaos/history'
import type { Fault, FaultKind } from './fault.ts'
import type { FaultParameter } from './harm-table.ts'
import { parseLinks } from './parse-link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

/** What each kind of fault says beside its links or nodes. */
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
  loss: [{ name: 'probability', unit: 'probability', summary: 'of each message to be lost' }],
  reset: [],
  kill: [],
  pause: [],
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
  const onNodes = kind === 'kill' || kind === 'pause'
  const given = readParameters(parameters[kind], members, place, ['kind', onNodes ? 'nodes' : 'links', ...beside])
  if (kind === 'kill' || kind === 'pause') return { kind, nodes: parseNodes(members['nodes'], place) }
  const links = parseLinks(members['links'], place)
  switch (kind) {
    case 'partition':
      return { kind, links, mode: given['mode'] === 'drop' ? 'drop' : 'hold' }
    case 'latency':
      return { kind, links, latencyMs: millis(Number(given['latencyMs'])), jitterMs: millis(Number(given['jitterMs'])) }
    case 'bandwidth':
      return { kind, links, bytesPerSecond: Number(given['bytesPerSecond']) }
    case 'loss':
      return { kind, links, probability: Number(given['probability']) }
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
