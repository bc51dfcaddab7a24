import { parsedCarriage, parseInitial, type RecordedMembers, recordedCarriage } from '@chaosproxy/engine'
import { usageError } from '@chaosproxy/history'
import {
  type Carriage,
  carriageName,
  type ProxySettings,
  parseCarriage,
  parseEnd,
  tlsBetween,
} from '@chaosproxy/proxy/control'

interface MemberWords {
  readonly client?: string | undefined
  readonly initial?: string | undefined
  readonly model?: string | undefined
}

/** The options of proxies, as texts from the command line. Each list has one item per proxy, in the same order. */
interface PairWords extends MemberWords {
  readonly listen: readonly string[]
  readonly upstream: readonly string[]
  readonly name: readonly string[]
  readonly carries?: readonly string[]
  readonly record?: string | undefined
  readonly keepHost?: boolean
}

export interface ProxyPair {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  readonly carries: Carriage | undefined
  readonly isHttps: boolean
  readonly keepHost: boolean
  readonly mayNamePaths: boolean
  /** TLS on the client side and the upstream side of the proxy; absent if TLS is passed through. */
  readonly tls?: ProxySettings['tls']
}

/**
 * Returns the proxies that the options describe. The default name of the i-th proxy is `n1`, `n2` and so on.
 *
 * @throws UserError (usage)
 */
export function parsePairs(typed: PairWords): readonly ProxyPair[] {
  const { listen: listens, upstream: upstreams, name: given } = typed
  const carriages = parseCarriages(typed)
  if (listens.length > upstreams.length)
    throw usageError(
      `--listen ${listens[upstreams.length]}: this address has no upstream. Give one --upstream host:port for each --listen.`,
    )
  if (given.length > upstreams.length)
    throw usageError(
      `--name ${given[upstreams.length]}: this name has no upstream. Give one --upstream for each --name.`,
    )
  const nameOf = (i: number): string => given[i] ?? `n${i + 1}`
  const names = upstreams.map((_, i) => nameOf(i))
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw usageError(`--name ${twice}: two proxies have this name. Give each proxy its own name.`)
  if (carriages.length > 1 && carriages.length !== upstreams.length)
    throw usageError(
      `--carries is given ${carriages.length} times for ${upstreams.length} proxies: give it once for all of them, or once for each.`,
    )
  return upstreams.map((text, i) => {
    const listen = parseEnd('listen', listens[i] ?? '127.0.0.1:0')
    const upstream = parseEnd('upstream', text)
    const carries = carriages[carriages.length === 1 ? 0 : i]
    const tls = tlsBetween(listen, upstream, carries)
    const { isHttps } = upstream
    const addresses = { listen: listen.address, upstream: upstream.address, isHttps }
    const pair = {
      name: nameOf(i),
      ...addresses,
      carries,
      keepHost: typed.keepHost === true,
      mayNamePaths: true,
    }
    return tls === undefined ? pair : { ...pair, tls }
  })
}

/** How proxies read traffic, by `--carries` or `--record`. */
function parseCarriages({ carries: carried = [], record, ...about }: PairWords): readonly Carriage[] {
  if (record === undefined) return carried.map((typed) => parseCarriage(carriageOf(typed), `--carries ${typed}`))
  const members = recordedMembers(about)
  if (carried.length === 0) return [recordedCarriage('--record', record, members)]
  return carried.map((typed) => {
    const kind = parseCarriage(carriageOf(typed), `--carries ${typed}`)
    const recorded = recordedCarriage('--record', record, members)
    if (kind.kind === 'http2' && recorded.kind === 'http') return { kind: 'http2', table: recorded.table }
    if (carriageName(kind) !== carriageName(recorded))
      throw usageError(
        `--carries ${typed} contradicts --record ${record}: the recording reads ${carriageName(recorded)}. Leave --carries out.`,
      )
    return kind.kind === 'http' && recorded.kind === 'http' ? { ...recorded, websocket: kind.websocket } : recorded
  })
}

/** A typed `--carries`: a name, or an object with settings. */
export const carriageOf = (typed: string): unknown =>
  typed.trimStart().startsWith('{') ? parsedCarriage('--carries', typed) : typed

/** The options of a recording that override the route table. */
export const recordedMembers = ({ client, initial, model }: MemberWords): RecordedMembers => ({
  client,
  initial: initial === undefined ? undefined : parseInitial('--initial', initial),
  model,
})
