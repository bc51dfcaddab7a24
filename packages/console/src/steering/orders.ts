import { isObject } from '@chaosproxy/history'
import type { Had, Order } from '../browser/frames.ts'

/** Parses a command that a page has sent. Returns undefined if the text is not a valid command. */
export function parseOrder(text: string): Order | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(json)) return undefined
  if (json['type'] === 'resume') return resumeOf(json['had'])
  const { type, order, id, fault } = json as { readonly [member: string]: unknown }
  if (typeof order !== 'number') return undefined
  if (type === 'stop' || type === 'again') return { type, order }
  if (type === 'heal' && typeof id === 'string') return { type, order, id }
  if (type === 'inject' && isObject(fault) && typeof fault['kind'] === 'string')
    return { type, order, fault: { ...fault, kind: fault['kind'] } }
  return undefined
}

function resumeOf(had: unknown): Order | undefined {
  const members = ['run', 'width', 'bins', 'faultsVersion', 'verdict'] as const
  if (!isObject(had)) return undefined
  const numbers = members.map((member) => [member, had[member]] as const)
  if (!numbers.every(([, number]) => Number.isSafeInteger(number))) return undefined
  return { type: 'resume', had: Object.fromEntries(numbers) as unknown as Had }
}
