import type { TcpFault } from '@chaosproxy/faults'
import { foundOrMade } from '@chaosproxy/history'
import { ControlError } from '../state/errors.ts'
import type { FaultBoard } from '../state/fault-board.ts'
import { linksOf, type ManagedProxy } from '../state/proxies.ts'
import { badBody, type Members, numberMember, readMembers, stringMember } from './go-json.ts'
import { findToxicType, mergeAttributes, type ToxicAttributes, type ToxicType } from './toxic-types.ts'

export interface Toxic {
  readonly attributes: ToxicAttributes
  readonly name: string
  readonly type: string
  /** The stream as the client spelled it; `upstream` means client to server. */
  readonly stream: string
  readonly toxicity: number
}

export interface ToxicChains {
  /** Upstream toxics first. */
  list(proxy: ManagedProxy): readonly Toxic[]
  /** @throws ControlError (404) */
  get(proxy: ManagedProxy, name: string): Toxic
  /** Adds a toxic; it is in force when the call returns. @throws ControlError (400, 409) */
  add(proxy: ManagedProxy, body: unknown): Toxic
  /** Changes only the attributes and the toxicity that `body` gives. @throws ControlError (400, 404) */
  update(proxy: ManagedProxy, name: string, body: unknown): Toxic
  /** @throws ControlError (404) */
  remove(proxy: ManagedProxy, name: string): void
  removeAll(proxy: ManagedProxy): void
}

type Direction = 'upstream' | 'downstream'

interface Entry {
  readonly toxic: Toxic
  readonly type: ToxicType
  readonly direction: Direction
}

const STRUCT = 'ToxicWrapper'

export function createToxicChains(board: FaultBoard): ToxicChains {
  const chains: Map<string, Map<string, Entry>> = new Map()

  const chainOf = (proxy: ManagedProxy): ReadonlyMap<string, Entry> => chains.get(proxy.name) ?? new Map()

  function find(proxy: ManagedProxy, name: string): Entry {
    const entry = chainOf(proxy).get(name)
    if (entry === undefined) throw new ControlError(404, 'toxic not found')
    return entry
  }

  function keep(proxy: ManagedProxy, entry: Entry): void {
    foundOrMade(chains, proxy.name, () => new Map<string, Entry>()).set(entry.toxic.name, entry)
  }

  function add(proxy: ManagedProxy, body: unknown): Toxic {
    const entry = readToxic(body)
    const { toxic } = entry
    if (chainOf(proxy).has(toxic.name)) throw new ControlError(409, 'toxic already exists')
    const fault = faultOf(proxy, entry)
    if (fault !== undefined) board.add({ name: boardName(proxy, toxic.name), fault, origin: 'toxic' })
    keep(proxy, entry)
    return toxic
  }

  function update(proxy: ManagedProxy, name: string, body: unknown): Toxic {
    const entry = find(proxy, name)
    const members = readMembers(body, STRUCT)
    const toxicity = readToxicity(members) ?? entry.toxic.toxicity
    const attributes = mergeAttributes(entry.type, entry.toxic.attributes, readAttributes(members))
    const changed = { ...entry, toxic: { ...entry.toxic, attributes, toxicity } }
    const fault = faultOf(proxy, changed)
    if (fault !== undefined) board.update(boardName(proxy, name), fault)
    keep(proxy, changed)
    return changed.toxic
  }

  function remove(proxy: ManagedProxy, { toxic, type }: Entry): void {
    chains.get(proxy.name)?.delete(toxic.name)
    if (type.harm(toxic.attributes) !== undefined) board.remove(boardName(proxy, toxic.name))
  }

  return {
    list(proxy) {
      const entries = [...chainOf(proxy).values()]
      const of = (direction: Direction) => entries.filter((entry) => entry.direction === direction)
      return [...of('upstream'), ...of('downstream')].map(({ toxic }) => toxic)
    },
    get: (proxy, name) => find(proxy, name).toxic,
    add,
    update,
    remove: (proxy, name) => remove(proxy, find(proxy, name)),
    removeAll(proxy) {
      for (const entry of [...chainOf(proxy).values()]) remove(proxy, entry)
      chains.delete(proxy.name)
    },
  }
}

const boardName = (proxy: ManagedProxy, toxic: string): string => `${proxy.name}/${toxic}`

function faultOf(proxy: ManagedProxy, { toxic, type, direction }: Entry): TcpFault | undefined {
  const harm = type.harm(toxic.attributes)
  if (harm === undefined) return undefined
  const links = linksOf(proxy, direction)
  return toxic.toxicity === 1 ? { ...harm, links } : { ...harm, links, when: { probability: toxic.toxicity } }
}

/** Reads a toxic. As in Toxiproxy, the stream is validated before the type. */
function readToxic(body: unknown): Entry {
  const members = readMembers(body, STRUCT)
  const text = (name: string) => stringMember(members, { struct: STRUCT, name }) ?? ''
  const stream = text('stream') === '' ? 'downstream' : text('stream')
  const toxicity = readToxicity(members) ?? 1
  const direction = stream.toLowerCase()
  if (direction !== 'upstream' && direction !== 'downstream')
    throw new ControlError(400, 'stream was invalid, can be either upstream or downstream')
  const type = findToxicType(text('type'))
  if (type === undefined) throw new ControlError(400, 'invalid toxic type')
  const name = text('name') === '' ? `${type.name}_${stream}` : text('name')
  if (name.length > LONGEST_NAME)
    throw new ControlError(
      400,
      `the name of a toxic has ${name.length} characters; at most ${LONGEST_NAME} are allowed`,
    )
  const attributes = mergeAttributes(type, {}, readAttributes(members))
  return { toxic: { attributes, name, type: type.name, stream, toxicity }, type, direction }
}

const LONGEST_NAME = 256

const readAttributes = (members: Members): Members =>
  readMembers(members.get('attributes') ?? null, `${STRUCT}.attributes`)

function readToxicity(members: Members): number | undefined {
  const toxicity = numberMember(members, { struct: STRUCT, name: 'toxicity' })
  if (toxicity !== undefined && (toxicity < 0 || toxicity > 1))
    throw badBody(`toxicity is ${toxicity}; it must be a probability from 0 to 1`)
  return toxicity
}
